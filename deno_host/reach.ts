// Which variables a run can have changed, so that only these are looked at. It is what its names reach: the variables whose names stand in
// its text, as words, wherever; from these on, the names in the sources of the functions that they hold, and the variables that share
// objects with them. Nothing of a session runs between runs, and code cannot be made from strings, so there is no other way to a variable.
//
// Everything is looked at where this does not hold: a name is escaped; a variable cannot be told whole, so that nobody knows what it
// reaches; the platform was changed, whose functions run without being named; or the platform may call a function in a later run.
import { mapGet, mapSet, NativeMap, NativeSet, setAdd, setForEach, setHas } from "./primordials.ts";
import { ESCAPED, identifiers } from "./functions.ts";
import { OF_DESCRIPTORS, unplant } from "./planted.ts";
import type { Platform } from "./platform.ts";
import { LAST } from "./variables.ts";

/** A text with one of these words may have changed the platform. */
const CHANGING = words("prototype __proto__ constructor setPrototypeOf defineProperty defineProperties assign");
/** What can call a function of the session's in a later run, though nobody holds it. */
const LATER = words(
  "addEventListener subtle FinalizationRegistry Blob ReadableStream WritableStream TransformStream CompressionStream DecompressionStream AbortSignal",
);
const GLOBAL = words("this globalThis"), CHANGES = 100; // of the platform, that are told

function words(text: string): Set<string> {
  return new Set(text.split(" "));
}

function meet(a: Set<string>, b: Set<string>): boolean {
  let met = false;
  setForEach(a, (word) => met ||= setHas(b, word));
  return met;
}

export class Reach {
  #platform: Platform;
  #words = new NativeMap<string, Set<string> | undefined>();
  #links = new NativeMap<string, Set<string>>();
  #changes = new NativeSet<string>();
  #mayBeCalled = false;
  #isPatched = false;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** What a variable holds: the words of its functions, undefined where nobody knows. It shares nothing yet. */
  note(name: string, words: Set<string> | undefined): void {
    mapSet(this.#words, name, words);
    mapSet(this.#links, name, new NativeSet<string>());
  }

  /** Two variables share objects. */
  link(a: string, b: string): void {
    setAdd(mapGet(this.#links, a)!, b);
    setAdd(mapGet(this.#links, b)!, a);
  }

  /** Looks what the platform is like after a run. What that run itself called of it, its words and those of the functions that they reach
   * have named; it is the next run that may not. */
  look(): void {
    const replant = unplant(OF_DESCRIPTORS);
    this.#isPatched = this.#platform.isChanged();
    const changes = this.#isPatched ? this.#platform.changes(CHANGES) : [];
    replant();
    for (let i = 0; i < changes.length; i++) setAdd(this.#changes, changes[i]!);
  }

  /** Which of `all` a run of this text can have changed; `changed` are those that it declares, assigns or makes. Where the last value was
   * replaced, it is one of them, but what it holds only where it is named. */
  of(text: string, changed: string[], all: string[], globals: Set<string>, isLastReplaced: boolean): string[] {
    const found = identifiers(text), reached = new NativeSet<string>(), more: string[] = [];
    if (meet(CHANGING, found)) this.look(); // it may have done so just now: that is told with this run
    if (meet(LATER, found)) this.#mayBeCalled = true;
    let everything = this.#mayBeCalled || this.#isPatched;
    const reach = (name: string) => {
      if (setHas(reached, name)) return;
      setAdd(reached, name);
      more[more.length] = name;
    };
    const known = new NativeSet<string>();
    setAdd(known, LAST);
    for (let i = 0; i < all.length; i++) setAdd(known, all[i]!);
    const follow = (word: string) => {
      if (word === ESCAPED) everything = true;
      else if (setHas(known, word)) reach(word);
      else if (setHas(GLOBAL, word)) setForEach(globals, reach);
    };
    for (let i = 0; i < changed.length; i++) reach(changed[i]!);
    setForEach(found, follow);
    for (let i = 0; i < more.length && !everything; i++) {
      const mentioned = mapGet(this.#words, more[i]!), links = mapGet(this.#links, more[i]!);
      if (links === undefined) continue; // it is new: what it holds came from the others, or from the text
      if (mentioned === undefined) everything = true;
      else setForEach(mentioned, follow);
      setForEach(links, reach);
    }
    const names: string[] = [];
    for (let i = 0; i < all.length; i++) {
      if (all[i] !== LAST && (everything || setHas(reached, all[i]!))) names[names.length] = all[i]!;
    }
    if (isLastReplaced || everything || setHas(reached, LAST)) names[names.length] = LAST;
    return names;
  }

  /** What the session changed of the platform. */
  get changes(): Set<string> {
    return this.#changes;
  }
}
