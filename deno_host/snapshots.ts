// What is kept of a session's variables, so that another process can go on with them: after each run, those that it can have changed are
// sent to the host, one after the other; a new process reads them.
import {
  append,
  ErrorOf,
  mapDelete,
  mapForEach,
  mapGet,
  mapHas,
  mapSet,
  NativeMap,
  NativeSet,
  now,
  setForEach,
  viewByteLength,
} from "./primordials.ts";
import { receiveBlocking, send } from "./frames.ts";
import { GraphReader } from "./graph_reader.ts";
import { GraphWriter } from "./graph_writer.ts";
import { isTooMuch, LARGE, NO_ROOM, NotKept } from "./kinds.ts";
import { VALUE_BYTES } from "./properties.ts";
import { Functions, SourceMaker } from "./functions.ts";
import { StandIns } from "./stand_ins.ts";
import { PieceReader, PieceWriter } from "./pieces.ts";
import { OF_DESCRIPTORS, unplant } from "./planted.ts";
import type { Privates } from "./privates.ts";
import type { Memory } from "./memory.ts";
import type { Platform } from "./platform.ts";
import type { Evaluator } from "./evaluate.ts";
import { Reach } from "./reach.ts";
import type { Variables } from "./variables.ts";
import { sizeOf } from "./values.ts";

const TAKE_MS = 2_000, SESSION_BYTES = 33_554_432, ROUNDS = 20, SELDOM = 8, ROOM_MB = 4, BIG = 10_000;
const TOGETHER = "the session's variables are larger than 32 MB", RESTLESS = "what it holds keeps changing";
const PLATFORM = "a change of a built-in";
/** To the host: the session has deleted it. */
const DELETED = "deleted";

type Kept = "exact" | "by_source" | "live_only";

/** How a variable is kept; of one that was too much, what it was and how large. */
interface Held {
  kept: Kept;
  why: string;
  bytes: number;
  large: unknown;
  size: number;
}

/** A variable that the host kept. Its bytes come with this, and with the frames after it. */
export interface Segment {
  name: string;
  first: number; // number of its first object
  bytes: number;
  kept: Kept;
  classes: [number, string, string][]; // number, source, and the text that makes it again
}

export class Snapshots {
  #variables: Variables;
  #evaluator: Evaluator;
  #platform: Platform;
  #memory: Memory;
  #functions: Functions;
  #reach: Reach;
  #held = new NativeMap<string, Held>();
  #next = 1; // number of the next object: no two objects that are kept have the same
  #muted = false;
  #out = new PieceWriter((piece) => {
    if (this.#out.size > VALUE_BYTES) throw new NotKept(LARGE);
    if (!this.#muted) send({ op: "piece" }, piece);
  });

  constructor(variables: Variables, evaluator: Evaluator, platform: Platform, memory: Memory, privates: Privates) {
    this.#memory = memory;
    this.#variables = variables;
    this.#evaluator = evaluator;
    this.#platform = platform;
    this.#functions = new Functions(evaluator, privates);
    this.#reach = new Reach(platform);
  }

  /** The source that a function was made from, where it was made again. */
  source(f: object): string | undefined {
    return this.#functions.source(f)?.text;
  }

  kept(name: string): Kept {
    return mapGet(this.#held, name)?.kept ?? "live_only";
  }

  /** Has the code of this folder compiled that the first run of a session would wait for. */
  async warm(): Promise<void> {
    const made = this.#evaluator.make("[(x) => x, class { a = 1; m() {} }]"),
      sample = [made, new made[1](), new Map([[1, { a: "x" }]])];
    this.#muted = true;
    for (let round = 0; round < 3; round++) {
      new GraphWriter(this.#out, this.#functions, this.#platform, this.#memory, 1, now() + TAKE_MS).write(sample);
      this.#out.end();
      if (this.#functions.asks) await this.#functions.learn();
    }
  }

  /** Sends what a run of this text can have changed; `changed` are the names that it declares, assigns or makes. */
  async take(text: string, changed: string[], isLastReplaced: boolean): Promise<void> {
    const { globals } = this.#variables, all = this.#variables.names(), until = now() + TAKE_MS;
    const names = this.#reach.of(text, changed, all, globals, isLastReplaced);
    for (let round = 0; round < ROUNDS; round++) {
      const writer = new GraphWriter(this.#out, this.#functions, this.#platform, this.#memory, this.#next, until);
      this.#muted = false;
      const replant = unplant(OF_DESCRIPTORS);
      this.#write(writer, names);
      replant();
      this.#next = writer.next;
      if (!this.#functions.asks) return this.#tellChanges();
      send({ op: "again" });
      await this.#functions.learn();
    }
    for (let i = 0; i < names.length; i++) this.#leave(names[i]!, RESTLESS);
  }

  /** What a session did to the platform is not kept: that is told once. */
  #tellChanges(): void {
    setForEach(this.#reach.changes, (name) => mapHas(this.#held, name) || this.#leave(name, PLATFORM));
  }

  #write(writer: GraphWriter, names: string[]): void {
    const firsts: number[] = [], owners: string[] = [], room = SESSION_BYTES - this.#othersThan(names);
    for (let i = 0, used = 0; i < names.length; i++) {
      const name = names[i]!, read = this.#variables.reader(name);
      if (read === undefined) {
        this.#delete(name);
        continue;
      }
      if (this.#variables.isAccessor(name)) {
        this.#leave(name, "a getter of the global object");
        continue;
      }
      const value = read(), size = sizeOf(value), before = mapGet(this.#held, name);
      if (before !== undefined && before.large !== undefined && before.large === value && size >= before.size) {
        this.#leave(name, before.why, value, size);
        continue;
      }
      const isRoom = size < BIG || this.#memory.has(ROOM_MB), written = isRoom ? writer.write(value) : new NotKept(NO_ROOM);
      const bytes = this.#out.size, last = this.#out.end();
      if (this.#functions.asks) this.#muted = true;
      if (written instanceof NotKept) {
        this.#leave(name, written.why, isTooMuch(written.why) ? value : undefined, size);
      } else if (used + bytes > room) this.#leave(name, TOGETHER);
      else {
        used += bytes;
        this.#reach.note(name, written.mentions);
        append(firsts, written.first);
        append(owners, name);
        let { bySource } = written;
        for (let k = 0; k < written.others.length; k++) {
          const owner = ownerOf(firsts, owners, written.others[k]!);
          this.#reach.link(name, owner);
          bySource ||= mapGet(this.#held, owner)?.kept === "by_source";
        }
        const kept = bySource ? "by_source" : "exact";
        mapSet(this.#held, name, { kept, why: "", bytes, large: undefined, size });
        if (!this.#muted) send({ op: "segment", name, kept, why: "", first: written.first, classes: written.classes }, last);
      }
    }
  }

  /** After a run was told of: what the next one needs to know. */
  look(): void {
    this.#reach.look();
  }

  #delete(name: string): void {
    if (!this.#muted) send({ op: "segment", name, kept: "live_only", why: DELETED, first: 0, classes: [] });
    mapDelete(this.#held, name);
    this.#reach.note(name, new NativeSet());
    this.#variables.forget(name);
  }

  /** A variable is not kept. */
  #leave(name: string, why: string, large: unknown = undefined, size = 0): void {
    mapSet(this.#held, name, { kept: "live_only", why, bytes: 0, large, size });
    this.#reach.note(name, undefined);
    if (!this.#muted) send({ op: "segment", name, kept: "live_only", why, first: 0, classes: [] });
  }

  /** Bytes that the variables hold which are not to be written now. */
  #othersThan(names: string[]): number {
    let bytes = 0;
    mapForEach(this.#held, (held) => bytes += held.bytes);
    for (let i = 0; i < names.length; i++) bytes -= mapGet(this.#held, names[i]!)?.bytes ?? 0;
    return bytes;
  }

  /** Reads what the host kept; the names that could not be read. `names` are declared; every other is one of the global object. What is
   * `inert` can be looked at only, in a process that no session will have. */
  restore(segments: number, declare: string, names: string[], inert: boolean): string[] {
    const lost: string[] = [], values: [string, unknown][] = [], firsts: number[] = [], owners: string[] = [];
    this.#variables.declare(declare, names);
    const maker = inert ? new StandIns() : new SourceMaker(this.#evaluator, this.#functions);
    const reader = new GraphReader(maker, this.#platform);
    for (let i = 0; i < segments; i++) {
      const frame = receiveBlocking();
      if (frame === null) break;
      const { name, first, bytes, kept, classes } = frame.header as Segment, others: number[] = [];
      maker.begin(classes);
      if (classes.length > 0) this.#variables.assign(values); // a class may ask for them: `[KEY]() {}`
      let piece: Uint8Array<ArrayBuffer> | undefined = frame.blob, left = bytes - viewByteLength(frame.blob), pieces = 0;
      const more = () => {
        const given = left > 0 ? receiveBlocking()?.blob : undefined;
        left = given === undefined ? 0 : left - viewByteLength(given);
        return given;
      };
      const next = () => {
        if (pieces++ % SELDOM === 0 && !this.#memory.has(ROOM_MB)) throw new ErrorOf(NO_ROOM); // better one than all
        const given = piece ?? more();
        piece = undefined;
        return given;
      };
      try {
        append(values, [name, reader.read(new PieceReader(next), first, others)]);
        append(firsts, first);
        append(owners, name);
        this.#reach.note(name, maker.words);
        mapSet(this.#held, name, { kept, why: "", bytes, large: undefined, size: 0 });
        for (let k = 0; k < others.length; k++) this.#reach.link(name, ownerOf(firsts, owners, others[k]!));
      } catch {
        append(lost, name);
      }
      while (more() !== undefined); // what is left of one that could not be read
      if (reader.next > this.#next) this.#next = reader.next;
    }
    if (inert) this.#variables.show(values);
    else this.#variables.assign(values);
    return lost;
  }
}

/** Whose object a number is: of the last that begins at it or before. */
function ownerOf(firsts: number[], owners: string[], number: number): string {
  let low = 0, high = firsts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (firsts[middle]! <= number) low = middle;
    else high = middle - 1;
  }
  return owners[low]!;
}
