// Writes values as a snapshot has them: one walk by descriptors, which runs no code of a session's. The words are in snapshot_format.ts.
import {
  ArrayPrototype,
  bufferByteLength,
  Bytes,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isArray,
  isExtensible,
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
  setPrototypeOf,
  setSize,
  StringOf,
  symbolDescription,
} from "./primordials.ts";
import * as brands from "./brands.ts";
import * as format from "./snapshot_format.ts";
import { stackOf } from "./thrown.ts";
import type { PieceWriter } from "./pieces.ts";
import type { Platform } from "./platform.ts";
import { type Functions, identifiers } from "./functions.ts";

const VALUE_BYTES = 8_388_608, OBJECTS = 200_000, SHAPES = 8;

/** Why a value is too much to keep. */
export const LARGE = "it is larger than 8 MB", MANY = "it has too many objects";

/** Why a value cannot be kept. */
export class NotKept {
  why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** What was written of one value. */
export interface Written {
  first: number; // number of its first object
  objects: number;
  bySource: boolean;
  others: number[]; // numbers of objects of other values that it holds
  classes: [number, string][]; // numbers of classes, and their source
  mentions: Set<string>; // words of the sources that it holds
}

/** An array of ours: appending to it cannot meet a setter that a session planted on Array.prototype. */
function list<T>(): T[] {
  return setPrototypeOf([], null);
}

export class GraphWriter {
  /** Functions, and objects with their prototypes, that must be learned before this can be written: what was written is of no use. */
  unknownFunctions: object[] = [];
  unknownInstances: [object, object][] = [];
  #out: PieceWriter;
  #functions: Functions;
  #platform: Platform;
  #numbers = new NativeMap<object | symbol, number>();
  #next: number;
  #until: number;
  #all: (object | symbol)[] = list();
  #kinds: number[] = list();
  #shapes: string[][] = list();
  #written!: Written;

  /** Objects get the numbers from `first` on; what is not written at the time `until` is not kept. */
  constructor(out: PieceWriter, functions: Functions, platform: Platform, first: number, until: number) {
    this.#until = until;
    this.#out = out;
    this.#functions = functions;
    this.#platform = platform;
    this.#next = first;
  }

  /** Number of the next object. */
  get next(): number {
    return this.#next;
  }

  /** Whether something has to be learned first. */
  get asks(): boolean {
    return this.unknownFunctions.length > 0 || this.unknownInstances.length > 0;
  }

  /** Writes one value whole, or says why not: then its objects are as if never met. */
  write(value: unknown): Written | NotKept {
    this.#written = { first: this.#next, objects: 0, bySource: false, others: list(), classes: list(), mentions: new NativeSet() };
    this.#all = list();
    this.#kinds = list();
    this.#shapes = list();
    try {
      this.#value(value);
      for (let i = 0; i < this.#all.length; i++) {
        this.#body(this.#all[i] as object, this.#kinds[i]!);
        if (this.#out.size > VALUE_BYTES) throw new NotKept(LARGE);
        if (i % 256 === 0 && now() > this.#until) throw new NotKept("it takes too long to keep");
      }
    } catch (error) {
      for (let i = 0; i < this.#all.length; i++) mapDelete(this.#numbers, this.#all[i]!);
      this.#next = this.#written.first;
      return error instanceof NotKept ? error : new NotKept("it cannot be read");
    }
    this.#written.objects = this.#all.length;
    return this.#written;
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
        if (v.length > VALUE_BYTES) throw new NotKept(LARGE); // asked before its characters: they may be made only then
        out.byte(format.TEXT);
        return out.text(v);
      case "bigint":
        out.byte(format.BIGINT);
        return out.text(StringOf(v));
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
    const number = mapGet(this.#numbers, o), { first, others } = this.#written;
    if (number === undefined) return this.#head(o);
    this.#out.byte(number >= first ? format.OWN : format.OTHER);
    this.#out.count(number >= first ? number - first : number);
    if (number < first && others[others.length - 1] !== number) others[others.length] = number;
  }

  /** Gives an object the next number: the head is written, the body will follow. */
  #met(o: object | symbol, kind: number): void {
    if (mapSize(this.#numbers) >= OBJECTS) throw new NotKept(MANY);
    mapSet(this.#numbers, o, this.#next++);
    this.#all[this.#all.length] = o;
    this.#kinds[this.#kinds.length] = kind;
  }

  #head(o: object | symbol): void {
    const out = this.#out;
    if (typeof o === "symbol") {
      const path = this.#platform.path(o), name = path === undefined ? brands.registeredName(o) : undefined;
      if (path !== undefined) return this.#platformHead(o, path);
      out.byte(format.SYMBOL);
      out.byte(name === undefined ? 0 : 1);
      out.text(name ?? symbolDescription(o) ?? "");
      return this.#met(o, format.SYMBOL);
    }
    const path = this.#platform.path(o);
    if (path !== undefined) return this.#platformHead(o, path);
    if (brands.isProxy(o)) throw new NotKept("a Proxy");
    if (typeof o === "function") return this.#functionHead(o);
    const prototype = getPrototypeOf(o);
    if (isArray(o)) return this.#arrayHead(o, prototype);
    if (brands.isMap(o)) return this.#plainHead(o, format.MAP);
    if (brands.isSet(o)) return this.#plainHead(o, format.SET);
    if (brands.isDate(o)) {
      out.byte(format.DATE);
      out.float(brands.timeOf(o as Date));
      return this.#met(o, format.DATE);
    }
    if (brands.isRegExp(o)) {
      out.byte(format.REGEXP);
      out.text(brands.sourceOf(o));
      out.text(brands.flagsOf(o));
      return this.#met(o, format.REGEXP);
    }
    if (brands.isNativeError(o)) {
      out.byte(format.ERROR);
      out.byte(errorKind(prototype));
      out.text(stackOf(o));
      return this.#met(o, format.ERROR);
    }
    if (brands.isTypedArray(o) || brands.isDataView(o)) return this.#viewHead(o);
    if (brands.isAnyArrayBuffer(o)) return this.#bufferHead(o);
    if (brands.isBoxedPrimitive(o)) {
      out.byte(format.BOXED);
      this.#value(brands.unboxed(o));
      return this.#met(o, format.BOXED);
    }
    const why = exotic(o);
    if (why !== "") throw new NotKept(why);
    if (prototype === null || prototype === ObjectPrototype) {
      return this.#plainHead(o, isPlain(o) ? prototype === null ? format.BARE : format.OBJECT : format.THING);
    }
    if (this.#platform.path(prototype) !== undefined) {
      const recipe = this.#platform.recipe(o, prototype);
      if (recipe !== undefined) {
        out.byte(format.MADE);
        out.byte(recipe.which);
        out.text(recipe.argument);
        return this.#met(o, format.MADE);
      }
    }
    const maker: unknown = getOwnPropertyDescriptor(o, "constructor")?.value;
    if (typeof maker === "function" && this.#isClassOf(maker, o)) {
      out.byte(format.PROTOTYPE);
      return this.#object(maker);
    }
    for (let p: object | null = prototype; p !== null; p = getPrototypeOf(p)) {
      if (brands.isProxy(p)) throw new NotKept("it inherits from a Proxy");
      if (!this.#platform.isOrdinary(p)) throw new NotKept(`an object of the platform (${this.#platform.path(p)})`);
    }
    this.#plainHead(o, format.THING);
  }

  #plainHead(o: object, kind: number): void {
    this.#out.byte(kind);
    this.#met(o, kind);
  }

  #platformHead(o: object | symbol, path: string): void {
    this.#out.byte(format.PLATFORM);
    this.#out.text(path);
    this.#met(o, format.PLATFORM);
  }

  #arrayHead(o: unknown[], prototype: object | null): void {
    const kind = prototype === ArrayPrototype && isExtensible(o) && isDense(o) ? format.ARRAY : format.LIST;
    this.#out.byte(kind);
    this.#out.count(o.length);
    this.#met(o, kind);
  }

  #bufferHead(o: object): void {
    if (!brands.isArrayBuffer(o)) throw new NotKept("a shared buffer");
    if (brands.isDetached(o)) throw new NotKept("a buffer that was given away");
    const n = bufferByteLength(o);
    if (n > VALUE_BYTES) throw new NotKept(LARGE);
    this.#out.byte(format.BUFFER);
    this.#out.count(n);
    this.#out.float(brands.mostOf(o));
    this.#out.bytes(new Bytes(o as ArrayBuffer));
    this.#met(o, format.BUFFER);
  }

  #viewHead(o: object): void {
    const out = this.#out, buffer = brands.bufferOf(o), [offset, length] = brands.placeOf(o);
    out.byte(format.VIEW);
    out.text(brands.viewKind(o) ?? "DataView");
    this.#object(buffer);
    out.count(offset);
    out.float(brands.tracks(o) ? -1 : length);
    this.#met(o, format.VIEW);
  }

  #functionHead(f: object): void {
    const source = this.#functions.source(f), out = this.#out, { classes, mentions } = this.#written;
    this.#written.bySource = true;
    if (source === undefined) {
      this.#ask(f);
      return this.#met(f, format.PLATFORM); // its place only: this is written again
    }
    if (source.why !== "") throw new NotKept(source.why);
    if (source.member !== undefined) {
      const { of, isStatic, slot, key } = source.member;
      out.byte(format.MEMBER);
      this.#object(of);
      out.byte(isStatic ? 1 : 0);
      out.byte(slot);
      this.#value(key);
      return this.#met(f, format.MEMBER);
    }
    identifiers(source.text, mentions);
    if (!source.isClass) {
      out.byte(format.FUNCTION);
      out.text(source.text);
      out.byte(source.strict ? 1 : 0);
      return this.#met(f, format.FUNCTION);
    }
    const prototype = getOwnPropertyDescriptor(f, "prototype")!.value;
    if (mapHas(this.#numbers, prototype)) throw new NotKept("a class that is not its prototype's constructor");
    out.byte(format.CLASS);
    classes[classes.length] = [this.#next, source.text];
    this.#met(f, format.CLASS);
    this.#met(prototype, format.PROTOTYPE);
  }

  #isClassOf(maker: object, o: object): boolean {
    if (this.#platform.path(maker) !== undefined || brands.isProxy(maker)) return false;
    if (getOwnPropertyDescriptor(maker, "prototype")?.value !== o) return false;
    const source = this.#functions.source(maker);
    if (source === undefined) this.#ask(maker);
    return source !== undefined && source.isClass;
  }

  #ask(f: object): void {
    if (mapHas(this.#numbers, f)) return;
    this.unknownFunctions[this.unknownFunctions.length] = f;
  }

  /** Private members are no properties: an object that has some cannot be told by them. */
  #checkPrivate(o: object, prototype: object): void {
    const known = this.#functions.isPrivate(prototype);
    if (known === true) throw new NotKept("it has private members");
    if (known === undefined) this.unknownInstances[this.unknownInstances.length] = [o, prototype];
  }

  #body(o: object, kind: number): void {
    const out = this.#out;
    switch (kind) {
      case format.SYMBOL:
      case format.PLATFORM:
        return;
      case format.OBJECT:
      case format.BARE:
        return this.#plainBody(o);
      case format.ARRAY:
        for (let i = 0, n = (o as unknown[]).length; i < n; i++) {
          this.#value(getOwnPropertyDescriptor(o, i)!.value);
          if (i % 4_096 === 0 && out.size > VALUE_BYTES) throw new NotKept(LARGE);
        }
        return;
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
    this.#general(o, kind);
  }

  #plainBody(o: object): void {
    const keys = ownKeys(o) as string[], n = this.#shapes.length;
    let shape = n - 1;
    for (const low = n - SHAPES; shape >= 0 && shape >= low && !sameKeys(this.#shapes[shape]!, keys);) shape--;
    if (shape >= 0 && shape >= n - SHAPES) this.#out.count(shape);
    else {
      this.#out.count(n);
      this.#out.count(keys.length);
      for (let i = 0; i < keys.length; i++) this.#out.text(keys[i]!);
      if (keys.length <= format.LONGEST_SHAPE) this.#shapes[n] = keys;
    }
    for (let i = 0; i < keys.length; i++) this.#value(getOwnPropertyDescriptor(o, keys[i]!)!.value);
  }

  #general(o: object, kind: number): void {
    const out = this.#out, prototype = getPrototypeOf(o);
    if (prototype === null) out.byte(format.NULL);
    else {
      this.#object(prototype);
      if (this.#platform.path(prototype) === undefined) {
        this.#written.bySource = true;
        if (typeof o !== "function" && kind !== format.PROTOTYPE) this.#checkPrivate(o, prototype);
      }
    }
    const keys = kind === format.VIEW ? viewKeys(o) : ownKeys(o);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      if (isMade(o, kind, key)) continue;
      const d = getOwnPropertyDescriptor(o, key)!, accessor = d.get !== undefined || d.set !== undefined;
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

/** Whether a property is there already when an object of its kind is made, and says nothing of it. */
function isMade(o: object, kind: number, key: PropertyKey): boolean {
  if (kind === format.ERROR) return key === "stack";
  if (kind === format.CLASS) return key === "prototype";
  if (kind !== format.BOXED || !brands.isStringObject(o)) return false;
  return key === "length" || (typeof key === "string" && brands.isCharacter(o, key));
}

function sameKeys(a: string[], b: string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const isPlainProperty = (d: PropertyDescriptor) => d.writable === true && d.enumerable === true && d.configurable === true;

/** Whether all there is to an object are ordinary properties of string keys. */
function isPlain(o: object): boolean {
  if (!isExtensible(o)) return false;
  const keys = ownKeys(o);
  for (let i = 0; i < keys.length; i++) {
    if (typeof keys[i] !== "string" || !isPlainProperty(getOwnPropertyDescriptor(o, keys[i]!)!)) return false;
  }
  return true;
}

const LONG = 50_000; // elements: the list of their keys takes several times the room of the elements
function isDense(a: unknown[]): boolean {
  const n = a.length;
  if (n > VALUE_BYTES) throw new NotKept(LARGE);
  let characters = 0, primitive = true;
  for (let i = 0; i < n; i++) {
    const d = getOwnPropertyDescriptor(a, i);
    if (d === undefined || !isPlainProperty(d)) return false;
    const v: unknown = d.value;
    if (typeof v === "string") characters += v.length;
    else if ((typeof v === "object" && v !== null) || typeof v === "function" || typeof v === "symbol") primitive = false;
    if (characters > VALUE_BYTES) throw new NotKept(LARGE);
  }
  return n > LONG && primitive ? brands.hasElementsOnly(a) : ownKeys(a).length === n + 1;
}

function errorKind(prototype: object | null): number {
  for (let p = prototype; p !== null && !brands.isProxy(p); p = getPrototypeOf(p)) {
    for (let i = 0; i < brands.ERRORS.length; i++) if (brands.ERRORS[i]!.prototype === p) return i;
  }
  return 0;
}

function exotic(o: object): string {
  if (brands.isPromise(o)) return "a Promise";
  if (brands.isGeneratorObject(o)) return "a running generator";
  if (brands.isWeakMap(o) || brands.isWeakSet(o)) return "a weak collection";
  if (brands.isMapIterator(o) || brands.isSetIterator(o)) return "an iterator";
  if (brands.isArgumentsObject(o)) return "an arguments object";
  return brands.isModuleNamespaceObject(o) ? "a module" : "";
}

/** The keys of a view without those of its elements. */
function viewKeys(o: object): PropertyKey[] {
  const n = brands.isDataView(o) ? 0 : brands.placeOf(o)[1];
  const all = ownKeys(o), own: PropertyKey[] = list();
  for (let i = n; i < all.length; i++) own[own.length] = all[i]!;
  return own;
}
