// Private fields of a session's classes: told from inside the class, by an insertion in its text (mcp_codeexec/language/privates.py). So
// they can be read when an object is kept, and set when it is made again.
import {
  append,
  construct,
  define,
  functionText,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  indexOf,
  NativeWeakMap,
  slice,
  weakGet,
  weakSet,
} from "./primordials.ts";
import { isProxy } from "./brands.ts";

export const TELL = "__codeexec_class", MAKING = "__codeexec_making";

type Read = (o: object) => unknown[] | undefined; // none where the object has no private members of the class
type Write = (o: object, value: (i: number) => unknown) => void;

/** A class and its own private fields: those of its instances, and its own. */
export interface Fields {
  of: object;
  read: Read;
  write: Write;
  readOwn: () => unknown[];
  writeOwn: (value: (i: number) => unknown) => void;
}

export class Privates {
  #fields = new NativeWeakMap<object, Fields>(); // by class, and by its prototype
  #making = false;

  /** What the insertion in a class calls. */
  readonly tell = (of: object, read: Read, write: Write, readOwn: Fields["readOwn"], writeOwn: Fields["writeOwn"]): void => {
    const prototype: unknown = typeof of === "function" ? getOwnPropertyDescriptor(of, "prototype")?.value : undefined;
    if (typeof prototype !== "object" || prototype === null) return;
    const fields: Fields = { of, read, write, readOwn, writeOwn };
    weakSet(this.#fields, of, fields);
    weakSet(this.#fields, prototype, fields);
  };

  /** Whether an object is made that is to have its private fields and nothing else. */
  readonly making = (): boolean => this.#making;

  /** The private fields of a class itself. */
  ofClass(cls: object): Fields | undefined {
    return weakGet(this.#fields, cls);
  }

  /** The classes whose private members an object has, the nearest first. */
  ofInstance(o: object): Fields[] {
    const found: Fields[] = [];
    for (let p = getPrototypeOf(o); p !== null && !isProxy(p); p = getPrototypeOf(p)) {
      const fields = weakGet(this.#fields, p);
      if (fields === undefined || getOwnPropertyDescriptor(fields.of, "prototype")?.value !== p) continue;
      if (fields.read(o) !== undefined) append(found, fields); // else it only inherits from it
    }
    return found;
  }

  /** An instance of a class that was made guarded. */
  make(cls: any): object {
    this.#making = true;
    try {
      return construct(cls, [], cls);
    } finally {
      this.#making = false;
    }
  }
}

/** A class' source as it was written. */
export function asWritten(text: string): string {
  const at = indexOf(text, `static{${TELL}(`);
  return at < 0 ? text : slice(text, 0, at) + asWritten(slice(text, indexOf(text, "}", at) + 1));
}

/** A function tells its source as it was written, also where it was made again from another text. */
export function tellSources(scope: any, source: (f: object) => string | undefined): void {
  const told = {
    toString(this: any) {
      const text = typeof this === "function" ? source(this) : undefined;
      return asWritten(text ?? functionText(this));
    },
  };
  define(scope.Function.prototype, "toString", told.toString);
  define(told.toString, "toString", () => "function toString() { [native code] }");
}
