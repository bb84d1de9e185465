// Writes values as a snapshot has them: one walk by descriptors, which runs no code of a session's. The words are in snapshot_format.ts.
import {
  ArrayPrototype,
  asInt,
  bigIntText,
  bufferByteLength,
  Bytes,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  getterOf,
  getValue,
  hasOwn,
  isExtensible,
  list,
  mapDelete,
  mapForEach,
  mapGet,
  mapHas,
  mapSet,
  mapSize,
  NativeMap,
  NativeSet,
  now,
  ObjectPrototype,
  ownKeys,
  sameValue,
  setForEach,
  setSize,
  symbolDescription,
  symbolsOf,
} from "./primordials.ts";
import * as brands from "./brands.ts";
import * as format from "./snapshot_format.ts";
import { isSpecial } from "./attributes.ts";
import { errorKind, kindOf, LARGE, MANY, NO_ROOM, NotKept } from "./kinds.ts";
import { settleStack } from "./thrown.ts";
import type { Memory } from "./memory.ts";
import type { PieceWriter } from "./pieces.ts";
import type { Platform } from "./platform.ts";
import { type Functions, identifiers } from "./functions.ts";
import { afterElements, fillsItsLength, isMade, isPlain, LONG, plainValue, VALUE_BYTES } from "./properties.ts";
import { Shapes } from "./shapes.ts";

const OBJECTS = 200_000, OFTEN = 256, SELDOM = 16, ROOM_MB = 6;
const KINDS = 128, PRIVATE = 64, MB = 1_048_576, ENTRY = 64; // bytes of an entry while its map grows
const BYTES_AN_ELEMENT = 10, LONG_TEXT = 262_144;

/** What was written of one value. */
export interface Written {
  first: number; // number of its first object
  bySource: boolean;
  others: number[]; // numbers of objects of other values that it holds
  classes: [number, string][]; // numbers of classes, and their source
  mentions: Set<string>; // words of the sources that it holds
}

export class GraphWriter {
  #out: PieceWriter;
  #functions: Functions;
  #platform: Platform;
  #memory: Memory;
  #checks = 1;
  #numbers = new NativeMap<object | symbol, number>(); // KINDS times the number of an object, and its kind
  #next: number;
  #until: number;
  #all: (object | symbol)[] = list();
  #shapes = new Shapes();
  #keys: string[] = list();
  #values: unknown[] = list();
  #written!: Written;

  /** Objects get the numbers from `first` on; what is not written at the time `until` is not kept. */
  constructor(out: PieceWriter, functions: Functions, platform: Platform, memory: Memory, first: number, until: number) {
    this.#out = out;
    this.#functions = functions;
    this.#platform = platform;
    this.#memory = memory;
    this.#next = first;
    this.#until = until;
  }

  /** Number of the next object. */
  get next(): number {
    return this.#next;
  }

  /** Writes one value whole, or says why not: then its objects are as if never met. */
  write(value: unknown): Written | NotKept {
    const first = this.#next;
    this.#written = { first, bySource: false, others: list(), classes: list(), mentions: new NativeSet() };
    this.#all = list();
    this.#shapes = new Shapes();
    try {
      this.#value(value);
      for (let i = 0; i < this.#all.length; i++) {
        this.#body(this.#all[i] as object, mapGet(this.#numbers, this.#all[i]!)! % KINDS);
        if (i % OFTEN === 0) this.#check();
      }
      this.#check();
    } catch (error) {
      for (let i = 0; i < this.#all.length; i++) mapDelete(this.#numbers, this.#all[i]!);
      this.#next = first;
      return error instanceof NotKept ? error : new NotKept("it cannot be read");
    }
    return this.#written;
  }

  #check(): void {
    if (this.#out.size > VALUE_BYTES) throw new NotKept(LARGE);
    if (now() > this.#until) throw new NotKept("it takes too long to keep");
    if (this.#checks++ % SELDOM === 0) this.#need(0);
  }

  /** Has room for so many bytes, and some more, or gives up. */
  #need(bytes: number): void {
    if (!this.#memory.has(ROOM_MB + bytes / MB)) throw new NotKept(NO_ROOM);
  }

  #value(v: unknown): void {
    const out = this.#out;
    switch (typeof v) {
      case "undefined":
        return out.byte(format.UNDEFINED);
      case "boolean":
        return out.byte(v ? format.TRUE : format.FALSE);
      case "number":
        return this.#number(v);
      case "string":
        if (v.length > VALUE_BYTES) throw new NotKept(LARGE); // asked before its characters, which may be made only then
        if (v.length > LONG_TEXT) this.#need(2 * v.length);
        out.byte(format.TEXT);
        return out.text(v);
      case "bigint":
        if (asInt(4 * VALUE_BYTES, v) !== v) throw new NotKept(LARGE);
        out.byte(format.BIGINT);
        out.byte(v < 0n ? 1 : 0);
        return out.text(bigIntText(v < 0n ? -v : v, 16)); // to decimal digits would take seconds
      default:
        if (v === null) out.byte(format.NULL);
        else this.#object(v as object | symbol);
    }
  }

  #number(v: number): void {
    const whole = v >= -2147483648 && v <= 2147483647 && (v | 0) === v && !sameValue(v, -0);
    this.#out.byte(!whole ? format.FLOAT : v < 0 ? format.NEGATIVE : format.INTEGER);
    if (whole) this.#out.count(v < 0 ? -v : v);
    else this.#out.float(v);
  }

  #object(o: object | symbol): void {
    const known = mapGet(this.#numbers, o), { first, others } = this.#written;
    if (known === undefined) return this.#head(o, kindOf(o, this.#platform, this.#functions));
    const kind = known % KINDS, number = (known - kind) / KINDS;
    if (number < first && kind === format.PLATFORM) return this.#head(o, kind); // it makes no two values belong together
    this.#out.byte(number >= first ? format.OWN : format.OTHER);
    this.#out.count(number >= first ? number - first : first - number);
    if (number < first && others[others.length - 1] !== number) others[others.length] = number;
  }

  /** Gives an object the next number: its head is written, its body will follow. */
  #met(o: object | symbol, kind: number): void {
    const n = mapSize(this.#numbers);
    if (n >= OBJECTS) throw new NotKept(MANY);
    if (n >= LONG && (n & (n - 1)) === 0) this.#need(n * ENTRY); // the map doubles
    mapSet(this.#numbers, o, KINDS * this.#next++ + kind);
    this.#all[this.#all.length] = o;
  }

  #head(o: any, kind: number): void {
    const out = this.#out;
    if (this.#hasPrivates(o, kind)) return this.#instance(o, kind);
    out.byte(kind);
    switch (kind) {
      case format.PLATFORM:
        if (typeof o === "function" && this.#platform.path(o) === undefined) this.#functions.ask(o);
        out.text(this.#platform.path(o) ?? "");
        break;
      case format.SYMBOL: {
        const name = brands.registeredName(o);
        out.byte(name === undefined ? 0 : 1);
        out.text(name ?? symbolDescription(o) ?? "");
        break;
      }
      case format.ARRAY:
        out.count(o.length);
        break;
      case format.DATE:
        out.float(brands.timeOf(o));
        break;
      case format.REGEXP:
        out.text(brands.sourceOf(o));
        out.text(brands.flagsOf(o));
        break;
      case format.ERROR:
        out.byte(errorKind(o));
        break;
      case format.BUFFER:
        if (bufferByteLength(o) > VALUE_BYTES) throw new NotKept(LARGE);
        out.count(bufferByteLength(o));
        out.float(brands.mostOf(o));
        out.bytes(new Bytes(o));
        break;
      case format.VIEW: {
        out.text(brands.viewKind(o) ?? "DataView");
        this.#object(brands.bufferOf(o));
        out.count(brands.offsetOf(o));
        out.float(brands.tracks(o) ? -1 : brands.lengthOf(o));
        break;
      }
      case format.BOXED: {
        const v = brands.unboxed(o);
        if (typeof v === "string" && v.length > LONG) throw new NotKept("a long text as an object"); // each character is a property
        this.#value(v);
        break;
      }
      case format.MADE: {
        const which = this.#platform.recipe(getPrototypeOf(o)!);
        out.byte(which);
        out.text(this.#platform.argument(which, o));
        break;
      }
      case format.PARAMETERS:
        this.#object(this.#platform.urlOf(o)!);
        break;
      case format.PROTOTYPE:
        return this.#object(o.constructor);
      case format.FUNCTION:
      case format.CLASS:
      case format.MEMBER:
        return this.#function(o, kind);
    }
    this.#met(o, kind);
  }

  #hasPrivates(o: object, kind: number): boolean {
    if (kind !== format.OBJECT && kind !== format.MAP && kind !== format.SET && kind !== format.ERROR) return false;
    const prototype = getPrototypeOf(o);
    if (prototype === null || this.#platform.path(prototype) !== undefined) return false;
    return this.#functions.privates.ofInstance(o).length > 0;
  }

  #instance(o: any, kind: number): void {
    this.#out.byte(format.INSTANCE);
    this.#out.byte(kind);
    this.#object(this.#functions.privates.ofInstance(o)[0]!.of);
    this.#met(o, kind + PRIVATE);
  }

  #fields(values: unknown[]): void {
    this.#out.count(values.length);
    for (let i = 0; i < values.length; i++) this.#value(values[i]);
  }

  #function(f: any, kind: number): void {
    const { text, strict, member } = this.#functions.source(f)!, out = this.#out, { classes, mentions } = this.#written;
    this.#written.bySource = true;
    if (member !== undefined) {
      this.#object(member.of);
      out.byte(member.isStatic ? 1 : 0);
      out.byte(member.slot);
      this.#value(member.key);
      return this.#met(f, kind);
    }
    identifiers(text, mentions);
    if (kind === format.FUNCTION) {
      out.text(text);
      out.byte(strict ? 1 : 0);
      return this.#met(f, kind);
    }
    if (mapHas(this.#numbers, f.prototype)) throw new NotKept("a class whose prototype has another constructor");
    this.#object(getPrototypeOf(f)!);
    classes[classes.length] = [this.#next, text];
    this.#met(f, kind);
    this.#met(f.prototype, format.PROTOTYPE);
  }

  #body(o: any, kind: number): void {
    if (kind >= PRIVATE) {
      const levels = this.#functions.privates.ofInstance(o);
      this.#content(o, kind - PRIVATE);
      this.#out.count(levels.length);
      for (let i = 0; i < levels.length; i++) {
        this.#object(levels[i]!.of);
        this.#fields(levels[i]!.read(o) ?? []);
      }
      return;
    }
    this.#content(o, kind);
    if (kind === format.CLASS) this.#fields(this.#functions.privates.ofClass(o)?.readOwn() ?? []);
  }

  #content(o: any, kind: number): void {
    const out = this.#out;
    switch (kind) {
      case format.SYMBOL:
      case format.PLATFORM:
        return;
      case format.OBJECT:
      case format.BARE:
        return this.#properties(o);
      case format.ARRAY:
        return this.#elements(o);
      case format.MAP:
        out.count(mapSize(o));
        mapForEach(o as Map<unknown, unknown>, (value, key) => {
          this.#value(key);
          this.#value(value);
        });
        break;
      case format.SET:
        out.count(setSize(o));
        setForEach(o as Set<unknown>, (value) => this.#value(value));
        break;
    }
    this.#general(o, kind, kind === format.VIEW || kind === format.BOXED ? afterElements(o) : ownKeys(o));
  }

  /** A plain object by its shape, any other in general. */
  #properties(o: any): void {
    const keys = this.#keys, values = this.#values, prototype = getPrototypeOf(o);
    let plain = isExtensible(o) && (prototype === ObjectPrototype || prototype === null) && !isSpecial(o);
    plain &&= symbolsOf(o).length === 0 && !hasOwn(o, "constructor"); // which is hidden where a function made the object
    let n = 0; // of the keys: the list itself is used again, and keeps its room
    if (plain) {
      for (const key in o) { // asks nothing of an object that is no Proxy, and takes no room for a list of keys
        if (!hasOwn(o, key)) continue;
        const value = getterOf(o, key) === undefined ? getValue(o, key) : undefined;
        if (value === undefined && !isPlain(getOwnPropertyDescriptor(o, key)!)) {
          plain = false;
          break;
        }
        values[n] = value;
        keys[n++] = key;
      }
    }
    if (!plain) {
      this.#out.count(format.NO_SHAPE);
      return this.#general(o, format.OBJECT, ownKeys(o));
    }
    this.#shape(keys, n);
    for (let i = 0; i < n; i++) this.#value(values[i]); // heads only: nobody else comes to these lists meanwhile
  }

  /** The first `n` of these keys. */
  #shape(keys: string[], n: number): void {
    const known = this.#shapes.find(keys, n), out = this.#out;
    if (known >= 0) return out.count(format.NO_SHAPE + 1 + known);
    out.count(format.NO_SHAPE + 1 + this.#shapes.length);
    out.count(n);
    for (let i = 0; i < n; i++) out.text(keys[i]!);
    if (n <= format.LONGEST_SHAPE) this.#shapes.add(keys, n);
  }

  /** An array's plain elements, in their order; then what else there is to it, if anything. */
  #elements(a: unknown[]): void {
    const out = this.#out,
      n = a.length,
      isSparse = !fillsItsLength(a),
      special = isSpecial(a) || getPrototypeOf(a) !== ArrayPrototype;
    let odd = isSparse, primitive = true, characters = 0;
    out.byte(isSparse ? format.TRUE : format.FALSE);
    for (let i = 0; i < n && !isSparse; i++) {
      let value = special ? undefined : plainValue(a, i);
      if (value === undefined) {
        const d = getOwnPropertyDescriptor(a, i);
        if (d === undefined || !isPlain(d)) {
          out.byte(format.HOLE);
          odd = true;
          continue;
        }
        value = d.value;
      }
      if (typeof value === "string") characters += value.length;
      else if (primitive) {
        primitive = typeof value !== "symbol" && typeof value !== "function" && (typeof value !== "object" || value === null);
      }
      this.#value(value);
      if (i % OFTEN === 0) this.#check();
    }
    const isTame = !odd && !special && isExtensible(a) && symbolsOf(a).length === 0;
    const isLong = n > LONG && primitive;
    if (isTame && isLong) this.#need(n * BYTES_AN_ELEMENT + 2 * characters); // for V8's serializer
    if (isTame && (isLong ? brands.hasElementsOnly(a) : ownKeys(a).length === n + 1)) return out.byte(format.FALSE);
    const all = ownKeys(a), keys = list<PropertyKey>();
    for (let i = 0; i < all.length; i++) {
      const key = all[i]!, isElement = !isSparse && i < n && typeof key === "string" && brands.isIndexBelow(key, n);
      if (!isElement || !isPlain(getOwnPropertyDescriptor(a, key)!)) keys[keys.length] = key;
    }
    out.byte(format.TRUE);
    this.#general(a, format.ARRAY, keys);
  }

  #general(o: object, kind: number, keys: PropertyKey[]): void {
    const out = this.#out, prototype = getPrototypeOf(o);
    if (prototype === null) out.byte(format.NULL);
    else {
      this.#object(prototype);
      if (this.#platform.path(prototype) === undefined) {
        this.#written.bySource = true;
        if (typeof o !== "function" && kind !== format.PROTOTYPE && this.#functions.hidesMembers(o, prototype)) {
          throw new NotKept("it has private members"); // which its class does not tell
        }
      }
    }
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      if (isMade(o, kind, key, this.#platform)) continue;
      const d = getOwnPropertyDescriptor(o, key)!;
      settleStack(o, d);
      const accessor = d.get !== undefined || d.set !== undefined;
      this.#value(key);
      out.byte(
        (d.enumerable ? format.ENUMERABLE : 0) + (d.configurable ? format.CONFIGURABLE : 0) + (d.writable ? format.WRITABLE : 0) +
          (accessor ? format.ACCESSOR : 0),
      );
      this.#value(accessor ? d.get : d.value);
      if (accessor) this.#value(d.set);
    }
    out.byte(isExtensible(o) ? format.TRUE : format.FALSE); // no key: the end of the properties
  }
}
