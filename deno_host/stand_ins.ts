// Values that are only looked at. What a snapshot keeps by its source is not made again: something stands there for it that has its name
// and its properties, and does nothing. So no text of a session's is ever evaluated for it.
import { functionText, NativeMap, NativeSet, NativeWeakMap, weakGet, weakSet } from "./primordials.ts";
import { manner } from "./functions.ts";
import { makeError } from "./brands.ts";
import type { Maker } from "./graph_reader.ts";
import { asWritten, type Fields } from "./privates.ts";
import { ERROR, MAP, SET } from "./snapshot_format.ts";

const sources = new NativeWeakMap<object, string>();

/** The source of a function, or of the one that it stands for; empty where nobody knows that. */
export function sourceOf(f: object): string {
  return asWritten(weakGet(sources, f) ?? functionText(f as any));
}

/** By whether it is async, and whether it is a generator: what is printed of it says so. */
const MADE = [
  [() => () => {}, () => function* () {}],
  [() => async () => {}, () => async function* () {}],
] as const;

/** Makes stand-ins for functions, classes and their members, value after value. */
export class StandIns implements Maker {
  /** No words: what cannot run reaches nothing. */
  words: Set<string> = new NativeSet<string>();
  #classes: [number, string, string][] = [];

  /** Another value: its classes by number and source. */
  begin(classes: [number, string, string][]): void {
    this.#classes = classes;
  }

  fn(text: string): object {
    const { isAsync, isGenerator } = manner(text);
    return keep(MADE[isAsync ? 1 : 0]![isGenerator ? 1 : 0]!(), text);
  }

  cls(number: number): object | undefined {
    for (let i = 0; i < this.#classes.length; i++) {
      if (this.#classes[i]![0] === number) return keep(class {}, this.#classes[i]![1]);
    }
    return undefined;
  }

  instance(_cls: object, kind: number): object {
    return kind === MAP ? new NativeMap() : kind === SET ? new NativeSet() : kind === ERROR ? makeError(0, "") : {};
  }

  /** Private fields are not shown, of a living object neither. */
  fields(): Fields {
    return HIDDEN;
  }

  member(): object {
    return keep(MADE[0][0](), ""); // its source is a part of its class's
  }
}

const HIDDEN: Fields = { of: {}, read: () => undefined, write: () => {}, readOwn: () => [], writeOwn: () => {} };

function keep(f: object, text: string): object {
  weakSet(sources, f, text);
  return f;
}
