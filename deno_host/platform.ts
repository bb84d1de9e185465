// What every worker has before a session runs: a snapshot names such an object by its path. And objects of the platform whose state is
// not in their properties, but can be asked for and given again.
import {
  append,
  apply,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  getter,
  mapForEach,
  mapGet,
  mapHas,
  NativeMap,
  NativeSet,
  ownKeys,
  ownValue,
  parse,
  sameValue,
  setHas,
  setPrototypeOf,
  stringify,
  StringOf,
  symbolDescription,
  uncurry,
} from "./primordials.ts";

const DEPTH = 5, INTL = "NumberFormat DateTimeFormat Collator PluralRules RelativeTimeFormat ListFormat DisplayNames Segmenter";
const TEMPORAL = "PlainDate PlainTime PlainDateTime ZonedDateTime Instant Duration PlainYearMonth PlainMonthDay";
const LANGUAGE = `
  Object Array Function Map Set Date RegExp Promise ArrayBuffer DataView WeakMap WeakSet WeakRef Number String Boolean BigInt Symbol
  Iterator Error TypeError RangeError SyntaxError ReferenceError EvalError URIError AggregateError Int8Array Uint8Array
  Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array
`;
const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype)!;

/** A kind of platform object: `argument` is all that it takes to `make` it again, as JSON. */
interface Recipe {
  prototype: object;
  argument: (o: object) => unknown;
  own: PropertyKey[]; // what it has when it is made
  make: (argument: any) => object;
}

/** What an object was like: of each of its keys the value or getter, and the setter. */
interface Slots {
  prototype: object | null;
  keys: PropertyKey[];
  values: unknown[];
  setters: unknown[];
}

export class Platform {
  #paths = new NativeMap<object | symbol, string>();
  #objects = new NativeMap<string, object | symbol>();
  #slots = new NativeMap<object, Slots>();
  #ordinary = new NativeSet<object>();
  #recipes: Recipe[];
  #globals: Slots;
  #scope: object;
  #parametersOf: (url: object) => object;
  #urlKey: PropertyKey; // under which parameters hold their URL

  /** `scope` as every session finds it. */
  constructor(scope: any) {
    this.#scope = scope;
    this.#add(scope, "globalThis");
    this.#globals = slotsOf(scope);
    for (const key of this.#globals.keys) {
      const d = getOwnPropertyDescriptor(scope, key)!;
      if (typeof key === "string" && d.get === undefined && d.value !== scope) this.#walk(d.value, key, 0);
    }
    const unnamed: [object, string][] = [
      [getPrototypeOf(function* () {})!, "%GeneratorFunction%"],
      [getPrototypeOf(async () => {})!, "%AsyncFunction%"],
      [getPrototypeOf(async function* () {})!, "%AsyncGeneratorFunction%"],
      [getPrototypeOf([].keys())!, "%ArrayIterator%"],
      [getPrototypeOf(new Map().keys())!, "%MapIterator%"],
      [getPrototypeOf(new Set().keys())!, "%SetIterator%"],
      [getPrototypeOf(""[Symbol.iterator]())!, "%StringIterator%"],
      [TypedArrayPrototype, "%TypedArray%"],
    ];
    for (const [o, path] of unnamed) this.#walk(o, path, 0);
    for (const name of LANGUAGE.trim().split(/\s+/)) if (scope[name]) this.#ordinary.add(scope[name].prototype);
    this.#ordinary.add(TypedArrayPrototype);
    for (const f of [function* () {}, async function* () {}]) {
      for (let p = getPrototypeOf(f.prototype); p !== null; p = getPrototypeOf(p)) this.#ordinary.add(p);
    }
    this.#recipes = recipes(scope);
    this.#parametersOf = getter(scope.URL.prototype, "searchParams");
    const url = new URL("a:b"), parameters = url.searchParams as any;
    this.#urlKey = ownKeys(parameters).find((key) => parameters[key] === url) ?? "";
    for (const { prototype } of this.#recipes) this.#walk(prototype.constructor, prototype.constructor.name, 0); // some are loaded just now
  }

  #walk(o: unknown, path: string, depth: number): void {
    const isObject = (typeof o === "object" && o !== null) || typeof o === "function";
    if ((!isObject && typeof o !== "symbol") || this.#paths.has(o as object)) return;
    this.#add(o as object, path);
    if (!isObject || depth >= DEPTH) return;
    const slots = slotsOf(o);
    this.#slots.set(o, slots);
    for (const key of slots.keys) {
      const d = getOwnPropertyDescriptor(o, key)!,
        at = `${path}.${typeof key === "symbol" ? `@${key.description}` : key as string}`;
      this.#walk(d.value, at, depth + 1);
      this.#walk(d.get, `${at} get`, depth + 1);
      this.#walk(d.set, `${at} set`, depth + 1);
    }
    this.#walk(getPrototypeOf(o), `${path}.[[Prototype]]`, depth + 1);
  }

  #add(o: object | symbol, path: string): void {
    this.#paths.set(o, path);
    this.#objects.set(path, o);
  }

  /** The name of an object of the platform; undefined for one of the session's. */
  path(o: object | symbol): string | undefined {
    return mapGet(this.#paths, o);
  }

  at(path: string): object | symbol | undefined {
    return mapGet(this.#objects, path);
  }

  /** Whether an object of this prototype may be an ordinary one: its state is in its properties. */
  isOrdinary(prototype: object): boolean {
    return !mapHas(this.#paths, prototype) || setHas(this.#ordinary, prototype);
  }

  /** Which recipe makes objects of this prototype again; -1 where none does. */
  recipe(prototype: object): number {
    for (let i = 0; i < this.#recipes.length; i++) if (this.#recipes[i]!.prototype === prototype) return i;
    return -1;
  }

  /** The URL whose parameters these are; undefined of any other object. */
  urlOf(parameters: object): object | undefined {
    return ownValue(parameters, this.#urlKey) as object | null ?? undefined;
  }

  parametersOf(url: object): object {
    return this.#parametersOf(url);
  }

  /** Whether every object that a recipe makes has such a property. */
  isOwn(prototype: object, key: PropertyKey): boolean {
    const which = this.recipe(prototype);
    for (let i = 0; which >= 0 && i < this.#recipes[which]!.own.length; i++) if (this.#recipes[which]!.own[i] === key) return true;
    return false;
  }

  /** What a recipe needs for an object. Throws where that only looks like one. */
  argument(which: number, o: object): string {
    const argument = this.#recipes[which]!.argument(o);
    if (typeof argument === "object") setPrototypeOf(argument, null);
    return stringify(argument);
  }

  make(which: number, argument: string): object | undefined {
    return this.#recipes[which]?.make(parse(argument));
  }

  /** What a session changed, as `Array.prototype.last`: so many of them at most. Planted fields must be away. */
  changes(most: number): string[] {
    const found: string[] = [],
      add = (o: object, key: PropertyKey) => found.length < most && append(found, told(mapGet(this.#paths, o)!, key));
    for (let i = 0; i < this.#globals.keys.length; i++) {
      const key = this.#globals.keys[i]!;
      if (isOtherAt(this.#scope, this.#globals, i)) add(this.#scope, key);
    }
    mapForEach(this.#slots, (slots, o) => {
      const now = ownKeys(o);
      if (now.length === slots.keys.length && !isOther(o, slots)) return;
      for (let i = 0; i < slots.keys.length; i++) if (isOtherAt(o, slots, i)) add(o, slots.keys[i]!);
      for (let i = 0; i < now.length; i++) if (!includes(slots.keys, now[i]!)) add(o, now[i]!);
    });
    return found;
  }

  /** Whether a session changed the platform: gave an object of it another property, value or prototype. Planted fields must be away. */
  isChanged(): boolean {
    let changed = isOther(this.#scope, this.#globals);
    mapForEach(this.#slots, (slots, o) => changed ||= ownKeys(o).length !== slots.keys.length || isOther(o, slots));
    return changed;
  }
}

/** A property as it may be told. */
function told(path: string, key: PropertyKey): string {
  return typeof key === "symbol" ? `${path}[${symbolDescription(key) ?? "symbol"}]` : `${path}.${StringOf(key)}`;
}

function slotsOf(o: object): Slots {
  const slots: Slots = { prototype: getPrototypeOf(o), keys: ownKeys(o), values: [], setters: [] };
  for (const key of slots.keys) {
    const d = getOwnPropertyDescriptor(o, key)!;
    slots.values.push(d.get ?? d.value);
    slots.setters.push(d.set);
  }
  return slots;
}

/** Whether an object is no longer as it was, but for what it has more. */
function isOther(o: object, slots: Slots): boolean {
  for (let i = 0; i < slots.keys.length; i++) if (isOtherAt(o, slots, i)) return true;
  return getPrototypeOf(o) !== slots.prototype;
}
function isOtherAt(o: object, { keys, values, setters }: Slots, i: number): boolean {
  const d = getOwnPropertyDescriptor(o, keys[i]!);
  return d === undefined || !sameValue(d.get ?? d.value, values[i]) || d.set !== setters[i];
}
function includes(keys: PropertyKey[], key: PropertyKey): boolean {
  for (let i = 0; i < keys.length; i++) if (keys[i] === key) return true;
  return false;
}

function recipes(scope: any): Recipe[] {
  const made: Recipe[] = [];
  const add = (C: any, argument: (o: any) => unknown, make: (argument: any) => object, own: PropertyKey[] = []) =>
    made.push({ prototype: C.prototype, argument, make, own });
  const { URL, URLSearchParams, TextEncoder, TextDecoder, Intl, Temporal } = scope;
  add(URL, getter(URL.prototype, "href"), (href) => new URL(href), ownKeys(new URL("a:b")));
  const parameters = uncurry(URLSearchParams.prototype.toString);
  add(URLSearchParams, parameters as any, (text) => new URLSearchParams(text), ownKeys(new URLSearchParams()));
  const encoding = getter(TextDecoder.prototype, "encoding"), fatal = getter(TextDecoder.prototype, "fatal");
  const ignoreBOM = getter(TextDecoder.prototype, "ignoreBOM");
  add(TextEncoder, getter(TextEncoder.prototype, "encoding"), () => new TextEncoder(), ownKeys(new TextEncoder()));
  add(
    TextDecoder,
    (o) => [encoding(o), fatal(o), ignoreBOM(o)],
    ({ 0: label, 1: fatal, 2: ignoreBOM }) => new TextDecoder(label, { __proto__: null, fatal, ignoreBOM }),
    ownKeys(new TextDecoder()),
  );
  for (const name of INTL.split(" ")) {
    const C = Intl[name], options = uncurry(C.prototype.resolvedOptions);
    add(C, (o) => options(o as never), (argument) => new C(argument.locale, setPrototypeOf(argument, null)));
  }
  add(Intl.Locale, uncurry(Intl.Locale.prototype.toString) as any, (text) => new Intl.Locale(text));
  for (const name of Temporal ? TEMPORAL.split(" ") : []) {
    const C = Temporal[name], { from } = C;
    add(C, uncurry(C.prototype.toString) as any, (text) => apply(from, C, [text]));
  }
  return made;
}
