// The session's variables: how they are read, and what the host is told of them. A top-level name is read by a function that was made in
// script scope when the name was declared; a name on the global object (`x = 5`) is read there.
import {
  append,
  define,
  getOwnPropertyDescriptor,
  mapForEach,
  mapGet,
  mapHas,
  mapSet,
  NativeMap,
  NativeSet,
  ownKeys,
  ownValue,
  setAdd,
  setForEach,
  setHas,
} from "./primordials.ts";
import type { Evaluator } from "./evaluate.ts";
import { typeName } from "./inspect.ts";
import { preview, sizeOf } from "./values.ts";

/** The previous value: on the global object, unless the session has a variable of that name. */
export const LAST = "_";
const REPORTED = 500, NAME = 400, NAMES = 20_000; // variables in one answer; characters of a name, and of all names made by a run

export class Variables {
  #scope: object;
  #evaluator: Evaluator;
  #readers = new NativeMap<string, () => unknown>();
  #platform = new NativeSet<PropertyKey>();
  #globals = new NativeSet<string>();

  constructor(scope: object, evaluator: Evaluator) {
    this.#scope = scope;
    this.#evaluator = evaluator;
  }

  /** What the global object has now is the platform's; what comes later is the session's. */
  begin(): void {
    for (const key of ownKeys(this.#scope)) setAdd(this.#platform, key);
  }

  /** What reads a name; undefined where the session has no such variable. */
  reader(name: string): (() => unknown) | undefined {
    const scope = this.#scope, made = mapGet(this.#readers, name);
    if (made !== undefined) return made;
    const known = name === LAST || (getOwnPropertyDescriptor(scope, name) !== undefined && !setHas(this.#platform, name));
    return known ? () => ownValue(scope, name) : undefined;
  }

  /** Declares names that the session does not have yet. */
  declare(text: string, names: string[]): void {
    this.#evaluator.declare(text);
    const fresh: string[] = [];
    for (let i = 0; i < names.length; i++) if (!mapHas(this.#readers, names[i]!)) append(fresh, names[i]!);
    if (fresh.length === 0) return;
    const made = this.#evaluator.readers(fresh);
    for (let i = 0; i < made.length; i++) mapSet(this.#readers, fresh[i]!, made[i]!);
  }

  /** The session's names: what is declared, in that order, and what is on the global object; not the last value. */
  names(): string[] {
    const names: string[] = [];
    mapForEach(this.#readers, (_read, name) => append(names, name));
    setForEach(this.#globals, (name) => mapHas(this.#readers, name) || append(names, name));
    return names;
  }

  get globals(): Set<string> {
    return this.#globals;
  }

  /** Sets variables: those that are declared, and others on the global object. */
  assign(values: [string, unknown][]): void {
    const declared: [string, unknown][] = [];
    for (let i = 0; i < values.length; i++) {
      const name = values[i]![0], value = values[i]![1];
      if (mapHas(this.#readers, name)) append(declared, values[i]!);
      else if (define(this.#scope, name, value, true) && name !== LAST) setAdd(this.#globals, name);
    }
    if (declared.length > 0) this.#evaluator.assign(declared);
  }

  /** Has variables that are only looked at: no code can name them. */
  show(values: [string, unknown][]): void {
    for (let i = 0; i < values.length; i++) {
      const [name, value] = values[i]!;
      mapSet(this.#readers, name, () => value);
    }
  }

  /** Names that this run gave the global object, as far as one answer holds them: the rest is told with the next. */
  made(): string[] {
    const made: string[] = [], keys = ownKeys(this.#scope);
    for (let i = 0, room = NAMES; i < keys.length && room > 0; i++) {
      const key = keys[i]!;
      if (typeof key !== "string" || key.length > NAME || setHas(this.#platform, key) || setHas(this.#globals, key)) continue;
      if (key === LAST || key === "host") continue;
      room -= key.length;
      setAdd(this.#globals, key);
      append(made, key);
    }
    return made;
  }

  /** Type, size and a line on each; names that the session does not have are left out. */
  report(names: string[], kept: (name: string) => string): object[] {
    const variables: object[] = [];
    for (let i = 0; i < names.length && variables.length < REPORTED; i++) {
      const name = names[i]!, read = name.length > NAME ? undefined : this.reader(name);
      if (read === undefined) continue;
      let value: unknown;
      try {
        value = read();
      } catch {
        continue;
      }
      append(variables, { name, type: typeName(value), preview: preview(value), size: sizeOf(value), kept: kept(name) });
    }
    return variables;
  }
}
