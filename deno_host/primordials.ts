// What the harness needs of JavaScript, taken before any user code runs: a session may replace every method and every global, and
// changes nothing for us. Rule of the house: after start, no method is called by name on a value, and no global is read by name.

/** `f.call(self, ...args)` as a plain function. */
export const uncurry: <T, A extends unknown[], R>(f: (this: T, ...args: A) => R) => (self: T, ...args: A) => R = Function.prototype
  .bind
  .bind(Function.prototype.call) as any;

export const {
  apply,
  construct,
  get: getValue,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  ownKeys,
  defineProperty,
  deleteProperty,
} = Reflect;
export const { isArray } = Array;
export const { isFinite: isFiniteNumber } = Number;
export const { max } = Math;
export const { stringify, parse } = JSON;
export const ObjectPrototype = Object.prototype, ArrayPrototype = Array.prototype;
export const { create: createObject, is: sameValue, setPrototypeOf, isExtensible, preventExtensions, hasOwn } = Object;
export const { getOwnPropertySymbols: symbolsOf } = Object;
export const StringOf = String,
  ObjectOf = Object,
  BigIntOf = BigInt,
  PromiseOf = Promise,
  ErrorOf = Error,
  NativeMap = Map,
  NativeSet = Set,
  NativeWeakMap = WeakMap,
  NativeWeakSet = WeakSet,
  Bytes = Uint8Array;
export const TypeErrorOf = TypeError, RangeErrorOf = RangeError;
const View = DataView;

export const mapGet = uncurry(Map.prototype.get), mapSet = uncurry(Map.prototype.set), mapHas = uncurry(Map.prototype.has);
export const mapDelete = uncurry(Map.prototype.delete),
  mapClear = uncurry(Map.prototype.clear),
  mapForEach = uncurry(Map.prototype.forEach);
export const setAdd = uncurry(Set.prototype.add), setHas = uncurry(Set.prototype.has), setDelete = uncurry(Set.prototype.delete);
export const setForEach = uncurry(Set.prototype.forEach);

export const weakGet = uncurry(WeakMap.prototype.get), weakSet = uncurry(WeakMap.prototype.set);
export const weakAdd = uncurry(WeakSet.prototype.add), weakHas = uncurry(WeakSet.prototype.has);
/** The getter of a property, also of one that is inherited, without making a descriptor. */
export const getterOf: (o: object, key: PropertyKey) => unknown = uncurry((Object.prototype as any).__lookupGetter__);

export const getter = (o: object, key: PropertyKey) => uncurry(getOwnPropertyDescriptor(o, key)!.get as (this: any) => any);
const TypedArray = getPrototypeOf(Uint8Array.prototype)!;
export const mapSize: (m: unknown) => number = getter(Map.prototype, "size");
export const setSize: (s: unknown) => number = getter(Set.prototype, "size");
export const viewLength: (v: unknown) => number = getter(TypedArray, "length");
export const viewByteLength: (v: unknown) => number = getter(TypedArray, "byteLength");
const viewBuffer: (v: unknown) => ArrayBuffer = getter(TypedArray, "buffer"), viewOffset = getter(TypedArray, "byteOffset");
/** `subarray` without asking a constructor that the session may have replaced. */
export const viewPart = (v: Uint8Array, from: number, to: number = viewByteLength(v)): Uint8Array<ArrayBuffer> =>
  new Bytes(viewBuffer(v), viewOffset(v) + from, to - from);
export const viewOn = (v: Uint8Array): DataView => new View(viewBuffer(v), viewOffset(v), viewByteLength(v));
const { isView } = ArrayBuffer;
export const viewSet = uncurry(Uint8Array.prototype.set);
export const bufferByteLength: (b: unknown) => number = getter(ArrayBuffer.prototype, "byteLength");
/** A copy of the bytes of a view or a buffer. */
export function bytesOf(of: ArrayBufferView | ArrayBuffer): Uint8Array<ArrayBuffer> {
  const view = isView(of) ? new Bytes(viewBuffer(of), viewOffset(of), viewByteLength(of)) : new Bytes(of),
    copy = new Bytes(viewByteLength(view));
  viewSet(copy, view);
  return copy;
}
export const getFloat64 = uncurry(DataView.prototype.getFloat64), setFloat64 = uncurry(DataView.prototype.setFloat64);
export const getUint32 = uncurry(DataView.prototype.getUint32), setUint32 = uncurry(DataView.prototype.setUint32);

export const slice = uncurry(String.prototype.slice),
  indexOf = uncurry(String.prototype.indexOf);
export const charCodeAt = uncurry(String.prototype.charCodeAt);
export const toWellFormed = uncurry(String.prototype.toWellFormed), isWellFormed = uncurry(String.prototype.isWellFormed);
export const { fromCharCode } = String;
const MARGIN = 4_096, STUB = 12;
/**
 * The start of a text, cut where a word ends: what is left of half a secret no longer looks like one to the filter. Of a text that is one
 * long word only a stub is left, and of one that has no border near its cut, what is well before it.
 */
export function start(text: string, limit: number): string {
  if (text.length <= limit) return text;
  for (let i = limit; i > 0 && i > limit - MARGIN; i--) {
    const c = charCodeAt(text, i);
    if (c === 32 || c === 10 || c === 9) return slice(text, 0, i);
  }
  return slice(text, 0, limit > MARGIN ? limit - MARGIN : STUB);
}
const CUT = " more character", DOTS = "... ", LONGEST = 10_000;
const isSpace = (c: number) => c === 32 || c === 10 || c === 9, isQuote = (c: number) => c === 34 || c === 39 || c === 96;
/** What Deno printed, without the last word of every text that it abbreviated (`"…"... 16 more characters`), for the reason above. */
export function withoutHalves(text: string): string {
  let whole = "", from = 0;
  for (let at = indexOf(text, CUT); at >= 0; at = indexOf(text, CUT, at + 1)) {
    let dots = at;
    while (dots > 0 && charCodeAt(text, dots - 1) >= 48 && charCodeAt(text, dots - 1) <= 57) dots--;
    dots -= DOTS.length;
    if (dots < from || dots + DOTS.length === at || slice(text, dots, dots + DOTS.length) !== DOTS) continue;
    const end = dots > 0 && isQuote(charCodeAt(text, dots - 1)) ? dots - 1 : dots;
    let word = end;
    while (word > from && word > end - LONGEST && !isSpace(charCodeAt(text, word - 1))) word--;
    whole += slice(text, from, word);
    from = end;
  }
  return from === 0 ? text : whole + slice(text, from);
}
export const functionText = uncurry(Function.prototype.toString);
export const { asIntN: asInt } = BigInt, bigIntText = uncurry(BigInt.prototype.toString);
export const symbolDescription: (s: symbol) => string | undefined = getter(Symbol.prototype, "description");

const dateTime = uncurry(Date.prototype.getTime), dateISO = uncurry(Date.prototype.toISOString);
export const dateText = (d: any): string => isFiniteNumber(dateTime(d)) ? dateISO(d) : "Invalid Date";

export const then = uncurry(Promise.prototype.then);
const encoder = new TextEncoder(), decoder = new TextDecoder();
const encodeText = uncurry(TextEncoder.prototype.encode), decodeText = uncurry(TextDecoder.prototype.decode);
export const encode = (text: string): Uint8Array<ArrayBuffer> => encodeText(encoder, text) as Uint8Array<ArrayBuffer>;
const encodeTextInto = uncurry(TextEncoder.prototype.encodeInto);
/** Writes a well-formed text into bytes that have room for it: how many it took. */
export const encodeInto = (text: string, to: Uint8Array<ArrayBuffer>): number => encodeTextInto(encoder, text, to).written;
export const decode = (bytes: Uint8Array<ArrayBuffer>): string => decodeText(decoder, bytes);
const exact = new TextDecoder("utf-8", { ignoreBOM: true }); // not `fatal`: Deno's way for that takes four times the text
/** UTF-8 text, byte order mark and all. */
export const decodeExact = (bytes: Uint8Array<ArrayBuffer>): string => decodeText(exact, bytes);
/** The same; undefined where the bytes are none. */
export function strictDecode(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  const text = decodeExact(bytes);
  if (indexOf(text, "\ufffd") < 0) return text;
  const again = encode(text); // the character may stand there itself
  if (viewByteLength(again) !== viewByteLength(bytes)) return undefined;
  for (let i = 0; i < viewByteLength(bytes); i++) if (again[i] !== bytes[i]) return undefined;
  return text;
}
export const now: () => number = performance.now.bind(performance);

/** Defines a data property; the descriptor has no prototype that user code could have planted a field on. */
export function define(o: object, key: PropertyKey, value: unknown, enumerable = false): boolean {
  return defineProperty(o, key, { __proto__: null, value, writable: true, enumerable, configurable: true } as PropertyDescriptor);
}

/** Appends to an array of ours without touching `push` or an index setter that user code planted on Array.prototype. */
export function append<T>(to: T[], value: T): void {
  define(to, to.length, value, true);
}

/** A data property of `o` itself, read without running anything; undefined where there is none or it is an accessor. */
export function ownValue(o: object, key: PropertyKey): unknown {
  const d = getOwnPropertyDescriptor(o, key);
  return d === undefined ? undefined : ownData(d);
}
function ownData(d: PropertyDescriptor): unknown {
  setPrototypeOf(d, null); // fields planted on Object.prototype would show through
  return d.value;
}

/** An array of ours: appending to it cannot meet a setter that a session planted on Array.prototype. */
export function list<T>(): T[] {
  return setPrototypeOf([], null);
}
