// Functions as a snapshot keeps them: by their source, where that is all there is to them. What they close over is asked of the
// inspector, once for each; methods come with the class that makes them.
import {
  append,
  charCodeAt,
  functionText,
  getOwnPropertyDescriptor,
  getter,
  indexOf,
  NativeSet,
  NativeWeakMap,
  ownKeys,
  setAdd,
  setHas,
  slice,
  weakGet,
  weakSet,
} from "./primordials.ts";
import { SLOTS } from "./snapshot_format.ts";
import type { Fields, Privates } from "./privates.ts";
import type { Evaluator, Scope } from "./evaluate.ts";

export interface Member {
  of: object;
  isStatic: boolean;
  slot: number; // of SLOTS
  key: PropertyKey;
}

/** What is known of a function; `why` it cannot be kept, else empty. */
export interface Source {
  text: string;
  isClass: boolean;
  strict: boolean;
  why: string;
  member?: Member;
}

export class Functions {
  #known = new NativeWeakMap<object, Source>();
  #private = new NativeWeakMap<object, boolean>();
  #evaluator: Evaluator;
  readonly privates: Privates;

  constructor(evaluator: Evaluator, privates: Privates) {
    this.#evaluator = evaluator;
    this.privates = privates;
  }

  /** Functions, and objects with their prototypes, that are to be learned. */
  #asked: object[] = [];
  #askedInstances: [object, object][] = [];

  /** Whether something was asked that has to be learned first. */
  get asks(): boolean {
    return this.#asked.length > 0 || this.#askedInstances.length > 0;
  }

  /** Has a function learned; false for now. */
  ask(f: object): false {
    append(this.#asked, f);
    return false;
  }

  /** What is known of a function; undefined until it was learned. */
  source(f: object): Source | undefined {
    return weakGet(this.#known, f);
  }

  /** Whether an object has private members that no class tells. One object speaks for those of its prototype, when that was learned. */
  hidesMembers(o: object, prototype: object): boolean {
    if (this.privates.ofInstance(o).length > 0) return false;
    const known = weakGet(this.#private, prototype);
    if (known === undefined) append(this.#askedInstances, [o, prototype]);
    return known === true;
  }

  /** Takes down what is known already, of a function that was made from a snapshot. */
  remember(f: object, source: Source): void {
    weakSet(this.#known, f, source);
    if (source.isClass) this.#members(f, source.text);
  }

  /** Asks the inspector what was asked here. */
  async learn(): Promise<void> {
    const functions = this.#asked, instances = this.#askedInstances;
    this.#asked = [];
    this.#askedInstances = [];
    const closures = functions.length > 0 ? await this.#evaluator.closures(functions) : [];
    for (let classes = 1; classes >= 0; classes--) { // first: their methods are known then
      for (let i = 0; i < functions.length; i++) {
        const f = functions[i]!, text = functionText(f as any), isClass = startsWithWord(text, "class");
        if (isClass !== (classes === 1) || weakGet(this.#known, f) !== undefined) continue;
        const strict = startsWithFunction(text) && isStrict(f);
        this.remember(f, { text, isClass, strict, why: whyNot(text, isClass, closures[i]) });
      }
    }
    const objects: object[] = [];
    for (let i = 0; i < instances.length; i++) append(objects, instances[i]![0]);
    for (let i = 0; i < functions.length; i++) append(objects, functions[i]!);
    const privates = objects.length > 0 ? await this.#evaluator.privates(objects) : [];
    for (let i = 0; i < instances.length; i++) weakSet(this.#private, instances[i]![1], privates[i]!);
    for (let i = 0; i < functions.length; i++) {
      if (privates[instances.length + i] && this.privates.ofClass(functions[i]!) === undefined) {
        weakGet(this.#known, functions[i]!)!.why = "private static members";
      }
    }
  }

  /** Methods and accessors that a class makes are kept with it; one that was put there later stands for itself. */
  #members(of: object, text: string): void {
    const prototype = getOwnPropertyDescriptor(of, "prototype")?.value as object;
    for (let home = 0; home < 2; home++) {
      const at = home === 0 ? prototype : of, keys = ownKeys(at);
      for (let i = 0; i < keys.length; i++) {
        const d = getOwnPropertyDescriptor(at, keys[i]!)!;
        for (let slot = 0; slot < SLOTS.length; slot++) {
          const f: unknown = d[SLOTS[slot]!];
          if (typeof f !== "function" || weakGet(this.#known, f) !== undefined) continue;
          const own = functionText(f as any);
          if (!isMethod(own) || indexOf(text, own) < 0) continue;
          const member = { of, isStatic: home === 1, slot, key: keys[i]! };
          weakSet(this.#known, f, { text: own, isClass: false, strict: false, why: "", member });
        }
      }
    }
  }
}

/** Makes functions again from their sources, value after value. */
export class SourceMaker {
  /** The words of the sources of one value. */
  words: Set<string> = new NativeSet<string>();
  #classes: [number, string, string][] = [];
  #evaluator: Evaluator;
  #functions: Functions;

  constructor(evaluator: Evaluator, functions: Functions) {
    this.#evaluator = evaluator;
    this.#functions = functions;
  }

  /** Another value: its classes by number, source, and the text that makes it again. */
  begin(classes: [number, string, string][]): void {
    this.#classes = classes;
    this.words = new NativeSet<string>();
  }

  fn(text: string, strict: boolean): object | undefined {
    const directive = strict ? '"use strict";' : "", made = this.#evaluator.make(text, directive);
    if (typeof made === "function") return this.#keep(made, text, false, strict);
    const around: unknown = this.#evaluator.make(`({${text}})`, directive); // a method or an accessor
    if (typeof around !== "object" || around === null) return undefined;
    const d = getOwnPropertyDescriptor(around, ownKeys(around)[0] ?? ""), f = d?.value ?? d?.get ?? d?.set;
    return typeof f === "function" ? this.#keep(f, text, false, strict) : undefined;
  }

  cls(number: number): object | undefined {
    for (let i = 0; i < this.#classes.length; i++) {
      const told = this.#classes[i]!, cls: unknown = told[0] === number ? this.#evaluator.make(told[2]) : undefined;
      if (typeof cls === "function") return this.#keep(cls, told[1], true, false);
    }
    return undefined;
  }

  /** An object that has the private fields of a class, and its parents', and nothing else. */
  instance(cls: object): object {
    return this.#functions.privates.make(cls);
  }

  fields(cls: object): Fields | undefined {
    return this.#functions.privates.ofClass(cls);
  }

  /** What a class does not make has no source of its own. */
  member(): undefined {}

  #keep(f: object, text: string, isClass: boolean, strict: boolean): object {
    identifiers(text, this.words);
    this.#functions.remember(f, { text, isClass, strict, why: "" });
    return f;
  }
}

function whyNot(text: string, isClass: boolean, scopes: Scope[] | undefined): string {
  if (scopes === undefined) return "a native or bound function";
  for (let i = 0; i < scopes.length; i++) {
    const { kind, names, only } = scopes[i]!;
    if (!(isClass && kind === "Block" && names === 1 && only === text)) return "a closure"; // but a class has its own name around it
  }
  if (isClass) return "";
  const words = identifiers(text);
  if (setHas(words, "super")) return "it uses super";
  if (startsWithFunction(text) || isMethod(text)) return "";
  const outer = setHas(words, "this") || setHas(words, "arguments") || setHas(words, "target");
  return outer ? "an arrow function with the `this` around it" : ""; // which the inspector does not show
}

const argumentsOf = getter(Function.prototype, "arguments");
/** V8 tells the arguments of no function, but refuses only a strict one. */
function isStrict(f: object): boolean {
  try {
    argumentsOf(f);
    return false;
  } catch {
    return true;
  }
}

const isSpace = (c: number) => c === 32 || (c >= 9 && c <= 13) || c === 0xa0 || c === 0xfeff || c === 0x2028 || c === 0x2029;
const isWord = (c: number) =>
  (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95 || c === 36 || c >= 128;

/** Where what follows begins: after spaces and comments. */
function skip(text: string, at: number): number {
  for (;; at++) {
    const comment = slice(text, at, at + 2), isBlock = comment === "/*";
    if (isBlock || comment === "//") {
      const end = indexOf(text, isBlock ? "*/" : "\n", at);
      if (end < 0) return text.length; // no source that V8 gave
      at = isBlock ? end + 1 : end;
    } else if (!isSpace(charCodeAt(text, at))) return at;
  }
}
function startsWithWord(text: string, word: string): boolean {
  return slice(text, 0, word.length) === word && !isWord(charCodeAt(text, word.length));
}
function startsWithFunction(text: string): boolean {
  return startsWithWord(startsWithWord(text, "async") ? slice(text, skip(text, 5)) : text, "function");
}

/** What kind of function a source makes. */
export function manner(text: string): { isAsync: boolean; isGenerator: boolean } {
  const isAsync = startsWithWord(text, "async"), rest = isAsync ? slice(text, skip(text, 5)) : text;
  const at = startsWithWord(rest, "function") ? skip(rest, 8) : 0;
  return { isAsync, isGenerator: charCodeAt(rest, at) === 42 };
}

/** Whether a function's source is that of a method or accessor: not of an arrow, a `function` or a class. */
export function isMethod(text: string): boolean {
  if (startsWithFunction(text) || startsWithWord(text, "class")) return false;
  let at = startsWithWord(text, "async") ? skip(text, 5) : 0;
  if (charCodeAt(text, at) === 40) return false; // (a) => …
  while (at < text.length && isWord(charCodeAt(text, at))) at++;
  at = skip(text, at);
  return slice(text, at, at + 2) !== "=>"; // a => …
}

/** The words of a text that could be names, wherever they stand. */
export function identifiers(text: string, to: Set<string> = new NativeSet<string>()): Set<string> {
  for (let at = 0; at < text.length;) {
    if (!isWord(charCodeAt(text, at))) {
      at++;
      continue;
    }
    const from = at;
    while (at < text.length && isWord(charCodeAt(text, at))) at++;
    setAdd(to, slice(text, from, at));
  }
  return to;
}
