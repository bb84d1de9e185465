// Printing a value without running any code of the session's. Deno's inspect reads `Symbol.toStringTag`, a constructor's `name` and an
// error's fields the ordinary way; so a bounded walk by descriptors looks first. Where it meets an accessor or a proxy in such a place,
// or more than inspect should be asked to print, a plain printer of ours that reads descriptors only takes over.
import {
  ArrayPrototype,
  bufferByteLength,
  dateText,
  functionText,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  indexOf,
  isArray,
  mapForEach,
  mapSize,
  NativeSet,
  ObjectPrototype,
  ownKeys,
  ownValue,
  setAdd,
  setForEach,
  setHas,
  setPrototypeOf,
  setSize,
  slice,
  start,
  stringify,
  StringOf,
  symbolDescription,
  viewLength,
  withoutHalves,
} from "./primordials.ts";
import {
  isAnyArrayBuffer,
  isBoxedPrimitive,
  isDataView,
  isDate,
  isMap,
  isNativeError,
  isPromise,
  isProxy,
  isRegExp,
  isSet,
  isStringObject,
  isTypedArray,
} from "./brands.ts";

const denoInspect = Deno.inspect;
const TO_STRING_TAG = Symbol.toStringTag;

export const ITEMS = 100, DEPTH = 4, STRING = 200, NODES = 5_000;
const SHOWN = 20; // items that the plain printer shows
export { isMap, isNativeError, isPromise, isProxy, isSet, isTypedArray };
export const isBuffer: (v: unknown) => boolean = isAnyArrayBuffer;

/** Prototypes of the platform, and their getters, which run no code of the session's. Taken before user code. */
const native = new NativeSet<object>(), getters = new NativeSet<unknown>();
const stackGetter = getOwnPropertyDescriptor(new Error(), "stack")?.get;
export function rememberPlatform(scope: object): void {
  addPrototypes(scope);
  setForEach(native, (o) => {
    const keys = ownKeys(o);
    for (let i = 0; i < keys.length; i++) {
      const get = getOwnPropertyDescriptor(o, keys[i]!)!.get;
      if (get !== undefined) setAdd(getters, get);
    }
  });
  setAdd(getters, stackGetter);
}
function addPrototypes(scope: object): void {
  for (const key of ownKeys(scope)) {
    const f = ownValue(scope, key);
    if (typeof f !== "function") continue;
    for (let o = ownValue(f, "prototype") as object | null; typeof o === "object" && o !== null; o = getPrototypeOf(o)) {
      setAdd(native, o);
    }
  }
  for (
    const o of [
      new Map().keys(),
      new Set().keys(),
      [].keys(),
      ""[Symbol.iterator](),
      (function* () {})(),
      (async function* () {})(),
    ]
  ) {
    for (let p: object | null = getPrototypeOf(o); p !== null; p = getPrototypeOf(p)) setAdd(native, p);
  }
  for (const o of [Math, JSON, Intl, Reflect, Atomics]) setAdd(native, o);
}

/** The name of a value's class as its prototype chain says it, without running a getter; "" for a null prototype. */
export function className(o: object): string {
  let p: object | null = o;
  for (let i = 0; i < 100 && p !== null; i++) {
    if (isProxy(p)) return "Proxy";
    const c: unknown = ownValue(p, "constructor");
    if (typeof c === "function" && !isProxy(c)) {
      const name = ownValue(c, "name");
      return typeof name === "string" && name !== "" ? slice(name, 0, 80) : "Object";
    }
    p = getPrototypeOf(p);
  }
  return "";
}

/** The short name of a value's type: `number`, `Array(3)`, `Map(3)`, `Uint8Array(16)`, `Point`, `Function`. */
export function typeName(v: unknown): string {
  if (v === null) return "null";
  if (typeof v === "function") return isProxy(v) ? "Proxy" : indexOf(functionText(v as any), "class") === 0 ? "class" : "function";
  if (typeof v !== "object") return typeof v;
  if (isProxy(v)) return "Proxy";
  const name = className(v as object) || "Object";
  const size = isArray(v)
    ? v.length
    : isMap(v)
    ? mapSize(v)
    : isSet(v)
    ? setSize(v)
    : isTypedArray(v)
    ? viewLength(v)
    : isBuffer(v)
    ? bufferByteLength(v)
    : -1;
  return size < 0 ? name : `${name}(${size})`;
}

const NAMED = ["name"], ANY = [TO_STRING_TAG, "constructor"], PLATFORM = [...ANY, "name", "message"];
const ERROR = [...PLATFORM, "stack", "cause", "errors"];
const REGEXP = [
  ...ANY,
  "source",
  "flags",
  "hasIndices",
  "global",
  "ignoreCase",
  "multiline",
  "dotAll",
  "unicode",
  "unicodeSets",
  "sticky",
];

/** Whether inspect can read these keys of `o` itself without running code: no getter but a native one, no object to turn into text. */
function isTame(o: object, keys: PropertyKey[]): boolean {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!, d = getOwnPropertyDescriptor(o, key);
    if (d === undefined) continue;
    setPrototypeOf(d, null);
    if (d.get !== undefined && !setHas(getters, d.get)) return false;
    if (key === "cause" || key === "errors") continue; // printed as values are
    if (key === "constructor" && typeof d.value === "function") {
      if (isProxy(d.value) || !isTame(d.value, NAMED)) return false;
    } else if (d.value !== null && (typeof d.value === "object" || typeof d.value === "function")) return false;
  }
  return true;
}

/** A String object with a key for every one of very many characters. */
export function isLongString(o: object): boolean {
  return isStringObject(o) && (ownValue(o, "length") as number) > STRING;
}

interface Look {
  tame: boolean;
  nodes: number;
  hidden: number;
}

/** Walks what inspect would print, by descriptors, within its bounds: whether inspect may print it, and what it will leave out. */
function look(value: unknown, depth: number, items: number): Look {
  const found: Look = { tame: true, nodes: 0, hidden: 0 }, path = new NativeSet<object>();
  const visit = (v: unknown, level: number): void => {
    if (found.nodes++ > NODES || !found.tame) return;
    if (typeof v === "string" && level > 0 && v.length > STRING) found.hidden += v.length - STRING;
    if (v === null || (typeof v !== "object" && typeof v !== "function")) return;
    const o = v as object;
    if (isProxy(o)) {
      found.tame = false;
      return;
    }
    if (setHas(path, o)) return;
    const keys = isRegExp(o) ? REGEXP : isNativeError(o) ? ERROR : isPlatformLike(o) ? PLATFORM : ANY;
    for (let p: object | null = o; p !== null; p = getPrototypeOf(p)) {
      if (!isProxy(p) && isTame(p, keys)) continue;
      found.tame = false;
      break;
    }
    if (typeof v === "function" && !isTame(o, NAMED)) found.tame = false;
    if (!found.tame || level > depth) return;
    setAdd(path, o);
    let shown = 0, total = 0;
    const each = (x: unknown) => {
      total++;
      if (shown < items) {
        shown++;
        visit(x, level + 1);
      }
    };
    if (isMap(o)) mapForEach(o as Map<unknown, unknown>, (x, k) => (each(k), visit(x, level + 1)));
    else if (isSet(o)) setForEach(o as Set<unknown>, (x) => each(x));
    if (isTypedArray(o) || isBuffer(o)) {
      const n = isTypedArray(o) ? viewLength(o) : bufferByteLength(o);
      if (n > items) found.hidden += n - items;
    } else if (isArray(o)) {
      for (let i = 0; i < o.length && i < items; i++) visit(ownValue(o, i), level + 1);
      if (o.length > items) found.hidden += o.length - items;
    } else if (isLongString(o)) found.tame = false;
    else {
      const keys = ownKeys(o);
      for (let i = 0; i < keys.length && found.nodes <= NODES; i++) visit(ownValue(o, keys[i]!), level + 1);
    }
    if (total > items) found.hidden += total - items;
  };
  visit(value, 0);
  return found;
}
interface Inspected {
  text: string;
  hidden: number;
  shown: number;
}

function isPlatformLike(o: object): boolean {
  return isDate(o) || isRegExp(o) || isBoxedPrimitive(o) || isDataView(o);
}

/** A value as text, how many of its own items are `shown` at most, and how many items and characters the printing left out. `depth`,
 * `items`: how much of it to show. */
export function inspect(value: unknown, depth: number = DEPTH, items: number = ITEMS): Inspected {
  for (; depth > 0 || items > 3; depth = depth > 0 ? depth - 1 : 0, items = items > 3 ? (items >> 1) + 1 : 3) {
    const seen = look(value, depth, items);
    if (!seen.tame) break;
    if (seen.nodes > NODES) {
      if (depth === 0 && items <= 3) break;
      continue;
    }
    const options = {
      depth,
      iterableLimit: items,
      strAbbreviateSize: STRING,
      colors: false,
      customInspect: false,
      showProxy: true,
    };
    setPrototypeOf(options, null);
    try {
      return { text: withoutHalves(denoInspect(value, options as Deno.InspectOptions)), hidden: seen.hidden, shown: items };
    } catch { // an object with the prototype of something that it is not
      break;
    }
  }
  return { text: plain(value, depth < 2 ? depth : 2), hidden: 0, shown: SHOWN };
}

/** Our own printer: descriptors only, small. */
export function plain(v: unknown, depth: number): string {
  if (typeof v === "string") return v.length > STRING ? stringify(start(v, STRING)) + "…" : stringify(v);
  if (typeof v === "symbol") return `Symbol(${symbolDescription(v) ?? ""})`;
  if (typeof v === "bigint") return StringOf(v) + "n";
  if (v === null || (typeof v !== "object" && typeof v !== "function")) return StringOf(v);
  if (isProxy(v)) return "[Proxy]";
  if (typeof v === "function") {
    const name = ownValue(v, "name");
    return `[Function: ${typeof name === "string" ? slice(name, 0, 80) : "anonymous"}]`;
  }
  if (isDate(v)) return dateText(v);
  const type = typeName(v);
  if (depth <= 0 || isTypedArray(v) || isLongString(v)) return `[${type}]`;
  const array = isArray(v), keys = array ? undefined : ownKeys(v), total = isArray(v) ? v.length : keys!.length;
  let text = "";
  for (let i = 0; i < total; i++) {
    if (i === SHOWN) {
      text += `, … ${total - i} more`;
      break;
    }
    const key = keys === undefined ? i : keys[i]!, d = getOwnPropertyDescriptor(v, key);
    if (d !== undefined) setPrototypeOf(d, null);
    const name = typeof key === "symbol" ? `[${plain(key, 0)}]: ` : array ? "" : `${StringOf(key)}: `;
    const item = d === undefined ? "<empty>" : d.get || d.set ? "[Getter/Setter]" : plain(d.value, depth - 1);
    text += (i > 0 ? ", " : "") + name + item;
  }
  const proto = getPrototypeOf(v), bare = proto === ObjectPrototype || proto === ArrayPrototype;
  return (bare ? "" : type + " ") + (array ? `[ ${text} ]` : `{ ${text} }`);
}
