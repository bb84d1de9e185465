// Reads values that graph_writer.ts wrote, in a process that has no session yet. What it reads may be damaged, or made by somebody who
// means ill: at worst it makes what the session could have made itself.
import {
  BigIntOf,
  createObject,
  defineProperty,
  deleteProperty,
  ErrorOf,
  getOwnPropertyDescriptor,
  list,
  mapDelete,
  mapGet,
  mapSet,
  NativeMap,
  NativeSet,
  ObjectOf,
  ownKeys,
  preventExtensions,
  setAdd,
  setHas,
  setPrototypeOf,
} from "./primordials.ts";
import * as brands from "./brands.ts";
import { note } from "./attributes.ts";
import * as format from "./snapshot_format.ts";
import { DAMAGED, type PieceReader } from "./pieces.ts";
import type { Fields } from "./privates.ts";
import type { Platform } from "./platform.ts";

/** Makes functions from their sources, the class with a number, and a member that its class did not make; undefined where that cannot be. */
export interface Maker {
  fn(text: string, strict: boolean): object | undefined;
  cls(number: number): object | undefined;
  /** An object that has the private fields of a class, and nothing else. */
  instance(cls: object, kind: number): object;
  /** The private fields of a class that tells them. */
  fields(cls: object): Fields | undefined;
  member(): object | undefined;
}

/** Instead of a value that is told later, or not at all; nothing that a snapshot holds is the same. */
const HOLE = {};
const PRIVATE = 64; // beside a kind
type Members = Map<PropertyKey, PropertyDescriptor>;

function there<T>(found: T | undefined): T {
  if (found === undefined) throw new ErrorOf(DAMAGED);
  return found;
}

export class GraphReader {
  #in!: PieceReader;
  #maker: Maker;
  #platform: Platform;
  #objects = new NativeMap<number, object | symbol>();
  #made = new NativeMap<object, [Members, Members]>(); // by class, what it made: on its prototype, on itself
  #first = 0;
  #next = 0;
  #kinds: number[] = list();
  #lengths: number[] = list();
  #shapes: string[][] = list();
  #others: number[] = list();

  constructor(maker: Maker, platform: Platform) {
    this.#maker = maker;
    this.#platform = platform;
  }

  /** Number of the next object: none that was read has it, or one above. */
  get next(): number {
    return this.#next;
  }

  /** A value whose first object has the number `first`; `others` gets the numbers of objects of other values. Throws where it cannot be
   * read whole. */
  read(from: PieceReader, first: number, others: number[]): unknown {
    this.#in = from;
    this.#first = this.#next = first;
    this.#kinds = list();
    this.#lengths = list();
    this.#shapes = list();
    this.#others = others;
    let whole = false;
    try {
      const value = this.#value();
      for (let i = 0; i < this.#kinds.length; i++) {
        this.#body(there(mapGet(this.#objects, first + i)) as object, this.#kinds[i]!, this.#lengths[i]!);
      }
      whole = true;
      return value;
    } finally {
      if (!whole) this.#forget(first); // another value that holds a part of this one is not to be had either
    }
  }

  #forget(first: number): void {
    for (let number = first; number < this.#next; number++) mapDelete(this.#objects, number);
  }

  #value(): unknown {
    const from = this.#in, tag = from.byte();
    switch (tag) {
      case format.UNDEFINED:
        return undefined;
      case format.NULL:
        return null;
      case format.TRUE:
        return true;
      case format.FALSE:
        return false;
      case format.INTEGER:
        return from.count();
      case format.NEGATIVE:
        return -from.count();
      case format.FLOAT:
        return from.float();
      case format.TEXT:
        return from.text();
      case format.BIGINT:
        return from.byte() === 1 ? -BigIntOf(`0x${from.text()}`) : BigIntOf(`0x${from.text()}`);
      case format.OWN:
        return there(mapGet(this.#objects, this.#first + from.count()));
      case format.OTHER: {
        const number = this.#first - from.count();
        this.#others[this.#others.length] = number;
        return there(mapGet(this.#objects, number));
      }
      case format.HOLE:
        return HOLE;
      case format.PROTOTYPE:
        return there(getOwnPropertyDescriptor(this.#value() as object, "prototype")).value;
      case format.CLASS:
        return this.#class(this.#value() as object);
      case format.INSTANCE:
        return this.#instance(from.byte());
      default:
        return this.#head(tag);
    }
  }

  #met<T extends object | symbol>(o: T, kind: number, length = 0): T {
    mapSet(this.#objects, this.#next++, o);
    this.#kinds[this.#kinds.length] = kind;
    this.#lengths[this.#lengths.length] = length;
    return o;
  }

  #head(tag: number): object | symbol {
    const from = this.#in;
    switch (tag) {
      case format.OBJECT:
        return this.#met({}, tag);
      case format.BARE:
        return this.#met(createObject(null), tag);
      case format.ARRAY:
        return this.#met([], tag, from.count());
      case format.MAP:
        return this.#met(new NativeMap(), tag);
      case format.SET:
        return this.#met(new NativeSet(), tag);
      case format.DATE:
        return this.#met(brands.makeDate(from.float()), tag);
      case format.REGEXP:
        return this.#met(brands.makeRegExp(from.text(), from.text()), tag);
      case format.ERROR:
        return this.#met(brands.makeError(from.byte()), tag);
      case format.BUFFER: {
        const length = from.count(), most = from.float();
        return this.#met(brands.makeBuffer(from.bytes(length), most), tag);
      }
      case format.VIEW: {
        const kind = from.text(), buffer = this.#value() as ArrayBuffer;
        return this.#met(brands.makeView(kind, buffer, from.count(), from.float()), tag);
      }
      case format.BOXED:
        return this.#met(ObjectOf(this.#value()) as object, tag);
      case format.MADE:
        return this.#met(there(this.#platform.make(from.byte(), from.text())), tag);
      case format.PARAMETERS:
        return this.#met(this.#platform.parametersOf(this.#value() as object), tag);
      case format.SYMBOL:
        return this.#met(brands.makeSymbol(from.byte() === 1, from.text()), tag);
      case format.PLATFORM:
        return this.#met(there(this.#platform.at(from.text())), tag);
      case format.FUNCTION:
        return this.#met(there(this.#maker.fn(from.text(), from.byte() === 1)), tag);
      case format.MEMBER: {
        const cls = this.#value() as object,
          isStatic = from.byte(),
          slot = format.SLOTS[from.byte()]!,
          key = this.#value() as PropertyKey;
        const made = there(mapGet(this.#made, cls))[isStatic];
        return this.#met(there(mapGet(there(made), key)?.[slot] ?? this.#maker.member()), tag);
      }
      default:
        throw new ErrorOf(DAMAGED);
    }
  }

  #instance(kind: number): object {
    const o = this.#maker.instance(this.#value() as object, kind);
    const keys = ownKeys(o);
    for (let i = 0; i < keys.length; i++) deleteProperty(o, keys[i]!); // an error has a stack, another one's
    return this.#met(o, kind + PRIVATE);
  }

  #class(parent: object): object {
    const cls = there(this.#maker.cls(this.#next));
    setPrototypeOf(cls, parent); // before an instance of it is made
    const prototype = there(getOwnPropertyDescriptor(cls, "prototype")).value as object;
    mapSet(this.#made, cls, [members(prototype), members(cls)]);
    this.#met(cls, format.CLASS);
    this.#met(prototype, format.PROTOTYPE);
    return cls;
  }

  #body(o: object, kind: number, length: number): void {
    this.#content(o, kind % PRIVATE, length);
    if (kind >= PRIVATE) {
      for (let levels = this.#in.count(); levels > 0; levels--) {
        const fields = there(this.#maker.fields(this.#value() as object)), values = this.#fields();
        fields.write(o, (i) => values[i]);
      }
    } else if (kind === format.CLASS) {
      const values = this.#fields();
      if (values.length > 0) there(this.#maker.fields(o)).writeOwn((i) => values[i]);
    }
  }

  #fields(): unknown[] {
    const values = list<unknown>();
    for (let n = this.#in.count(), i = 0; i < n; i++) values[i] = this.#value();
    return values;
  }

  #content(o: object, kind: number, length: number): void {
    const from = this.#in;
    switch (kind) {
      case format.SYMBOL:
      case format.PLATFORM:
        return;
      case format.OBJECT:
      case format.BARE:
        return this.#properties(o as Record<string, unknown>);
      case format.ARRAY:
        if (this.#elements(o as unknown[], length)) break;
        return;
      case format.MAP:
        for (let n = from.count(); n > 0; n--) {
          const key = this.#value();
          mapSet(o as Map<unknown, unknown>, key, this.#value());
        }
        break;
      case format.SET:
        for (let n = from.count(); n > 0; n--) setAdd(o as Set<unknown>, this.#value());
        break;
    }
    this.#general(o, kind);
  }

  /** Whether there is more to an array than its elements. */
  #elements(a: unknown[], length: number): boolean {
    const isSparse = this.#value();
    for (let i = 0; i < length && isSparse === false; i++) {
      const value = this.#value();
      if (value !== HOLE) a[i] = value;
    }
    a.length = length;
    return this.#value() === true;
  }

  #properties(o: Record<string, unknown>): void {
    const from = this.#in, shape = from.count() - 1 - format.NO_SHAPE;
    if (shape < 0) return this.#general(o, format.OBJECT);
    let keys = this.#shapes[shape];
    if (keys === undefined) {
      keys = list<string>();
      for (let n = from.count(), i = 0; i < n; i++) keys[i] = from.text();
      if (keys.length <= format.LONGEST_SHAPE) this.#shapes[this.#shapes.length] = keys;
    }
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!, value = this.#value();
      if (key !== "__proto__") o[key] = value;
      else defineProperty(o, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true } as any);
    }
  }

  #general(o: object, kind: number): void {
    const from = this.#in, seen = new NativeSet<PropertyKey>();
    setPrototypeOf(o, this.#value() as object | null);
    let key = this.#value();
    for (; typeof key === "string" || typeof key === "symbol"; key = this.#value()) {
      const flags = from.byte(), value = this.#value();
      if (flags !== format.PLAIN) note(o); // or the next to write it would not look
      const d: any = {
        __proto__: null,
        enumerable: (flags & format.ENUMERABLE) !== 0,
        configurable: (flags & format.CONFIGURABLE) !== 0,
      };
      if (flags & format.ACCESSOR) {
        d.get = value;
        d.set = this.#value();
      } else {
        d.value = value;
        d.writable = (flags & format.WRITABLE) !== 0;
      }
      if (!defineProperty(o, key, d)) throw new ErrorOf(DAMAGED);
      setAdd(seen, key);
    }
    const made = kind === format.FUNCTION || kind === format.CLASS || kind === format.PROTOTYPE || kind === format.MEMBER;
    const keys = made ? ownKeys(o) : list<PropertyKey>();
    for (let i = 0; i < keys.length; i++) if (!setHas(seen, keys[i]!)) deleteProperty(o, keys[i]!); // what the session took away
    if (key === false) preventExtensions(o);
  }
}

function members(of: object): Members {
  const made = new NativeMap<PropertyKey, PropertyDescriptor>(), keys = ownKeys(of);
  for (let i = 0; i < keys.length; i++) mapSet(made, keys[i]!, setPrototypeOf(getOwnPropertyDescriptor(of, keys[i]!)!, null));
  return made;
}
