// What V8 knows a value to be and to hold, whatever its prototype says. Taken before user code.
import {
  apply,
  Bytes,
  deleteProperty,
  getPrototypeOf,
  getter,
  ownKeys,
  StringOf,
  uncurry,
  viewByteLength,
  viewSet,
} from "./primordials.ts";

const { core } = (Deno as any)[(Deno as any).internal];

const serialize: (v: unknown) => Uint8Array = core.serialize;
export const {
  isAnyArrayBuffer,
  isArgumentsObject,
  isArrayBuffer,
  isBoxedPrimitive,
  isDataView,
  isDate,
  isGeneratorObject,
  isMap,
  isMapIterator,
  isModuleNamespaceObject,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isSetIterator,
  isStringObject,
  isSymbolObject,
  isTypedArray,
  isWeakMap,
  isWeakSet,
} = core as Record<string, (v: unknown) => boolean>;

export const timeOf = uncurry(Date.prototype.getTime);
export const sourceOf: (r: unknown) => string = getter(RegExp.prototype, "source");
const flags = "hasIndices global ignoreCase multiline dotAll unicode unicodeSets sticky".split(" ").map((name, i) =>
  [getter(RegExp.prototype, name), "dgimsuvy"[i]!] as const
);
/** A regular expression's flags; its own `flags` asks properties that a session may have replaced. */
export function flagsOf(r: object): string {
  let text = "";
  for (let i = 0; i < flags.length; i++) if (flags[i]![0](r) === true) text += flags[i]![1];
  return text;
}

const TypedArray = getPrototypeOf(Uint8Array.prototype)!;
/** `Uint8Array` and the like; undefined for what is no typed array. */
export const viewKind: (v: unknown) => string | undefined = getter(TypedArray, Symbol.toStringTag);
const dataView = ["buffer", "byteOffset", "byteLength"].map((key) => getter(DataView.prototype, key));
const typedView = ["buffer", "byteOffset", "length"].map((key) => getter(TypedArray, key));
/** The buffer of a view. */
export const bufferOf = (v: object): ArrayBuffer => (isDataView(v) ? dataView : typedView)[0]!(v);
/** Where a view begins in its buffer, in bytes; throws where its buffer has shrunk away. */
export const offsetOf = (v: object): number => (isDataView(v) ? dataView : typedView)[1]!(v);
/** Its length in elements; of a DataView, in bytes. */
export const lengthOf = (v: object): number => (isDataView(v) ? dataView : typedView)[2]!(v);
/** Whether a view's length follows that of its buffer; V8's own serializer knows. */
export const tracks = (v: object): boolean => mostOf(bufferOf(v)) >= 0 && lastOf(serialize(v)) % 2 === 1;
const resizable = getter(ArrayBuffer.prototype, "resizable"), maxByteLength = getter(ArrayBuffer.prototype, "maxByteLength");
/** The most bytes that a buffer can be resized to; -1 where it cannot. */
export const mostOf = (b: object): number => resizable(b) ? maxByteLength(b) : -1;
/** Whether an array of primitives without holes has no other properties; V8's own serializer writes their number near its end. */
export function hasElementsOnly(a: unknown[]): boolean {
  const bytes = serialize(a);
  let at = viewByteLength(bytes) - 1;
  while (at > 0 && bytes[at - 1]! >= 128) at--; // the length: 7 bits a byte
  return bytes[at - 1] === 0 && bytes[at - 2] === END_OF_DENSE_ARRAY;
}
const END_OF_DENSE_ARRAY = 36, lastOf = (bytes: Uint8Array): number => bytes[viewByteLength(bytes) - 1]!;
export const isDetached: (b: object) => boolean = getter(ArrayBuffer.prototype, "detached");

const boxes = [Number, String, Boolean, BigInt, Symbol].map((C) => uncurry(C.prototype.valueOf as (this: any) => unknown));
/** The primitive in an object like `Object(1)`. */
export function unboxed(o: object): unknown {
  for (let i = 0; i < boxes.length; i++) {
    try {
      return boxes[i]!(o);
    } catch { /* another kind */ }
  }
  return undefined;
}

/** The constructors of errors, most special first where it matters: the one whose prototype is nearest makes the error again. */
export const ERRORS: readonly ErrorConstructor[] = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];

/** Whether a key is that of one of `n` elements or characters. */
export function isIndexBelow(key: string, n: number): boolean {
  const at = +key;
  return at >= 0 && at < n && StringOf(at) === key;
}

/** The name under which a symbol is registered. */
export const { keyFor: registeredName } = Symbol;

// ---- made again

const DateOf = Date,
  RegExpOf = RegExp,
  SymbolOf = Symbol,
  { for: symbolFor } = Symbol,
  ArrayBufferOf = ArrayBuffer,
  DataViewOf = DataView;
const views: Record<string, any> = Object.setPrototypeOf({}, null);
for (const name of "Int8 Uint8 Uint8Clamped Int16 Uint16 Int32 Uint32 Float16 Float32 Float64 BigInt64 BigUint64".split(" ")) {
  views[`${name}Array`] = (globalThis as any)[`${name}Array`];
}

export const makeDate = (time: number): Date => new DateOf(time);
export const makeRegExp = (source: string, flags: string): RegExp => new RegExpOf(source, flags);
export const makeSymbol = (isRegistered: boolean, text: string): symbol =>
  isRegistered ? apply(symbolFor, SymbolOf, [text]) : SymbolOf(text);
/** An error without properties, not even a stack. */
export function makeError(which: number): Error {
  const error = new ERRORS[which]!(), keys = ownKeys(error);
  for (let i = 0; i < keys.length; i++) deleteProperty(error, keys[i]!);
  return error;
}
export function makeBuffer(bytes: Uint8Array<ArrayBuffer>, most: number): ArrayBuffer {
  if (most < 0) return bufferOf(bytes);
  const buffer = new ArrayBufferOf(viewByteLength(bytes), { __proto__: null, maxByteLength: most } as any);
  viewSet(new Bytes(buffer), bytes);
  return buffer;
}
/** `length` -1: it follows the buffer's. */
export function makeView(kind: string, buffer: ArrayBuffer, offset: number, length: number): object {
  const View = kind === "DataView" ? DataViewOf : views[kind];
  return length < 0 ? new View(buffer, offset) : new View(buffer, offset, length);
}
