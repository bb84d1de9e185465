// A value as the host is told of it: its type, its JSON where it is plain data, its printed text, its size; all bounded, and without
// running code of the session's. Also the way to a part of a value.
import {
  ArrayPrototype,
  bufferByteLength,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isArray,
  isFiniteNumber,
  mapForEach,
  mapGet,
  mapHas,
  mapSize,
  NativeSet,
  ObjectPrototype,
  ownKeys,
  ownValue,
  sameValue,
  setAdd,
  setDelete,
  setForEach,
  setHas,
  setPrototypeOf,
  setSize,
  start,
  stringify,
  StringOf,
  toWellFormed,
  viewByteLength,
  viewLength,
} from "./primordials.ts";
import { inspect, isBuffer, isLongString, isMap, isPromise, isProxy, isSet, isTypedArray, plain, typeName } from "./inspect.ts";

/** Characters of JSON or text that one description may carry; the host cuts further. */
export const BOUND = 262_144;
const JSON_DEPTH = 64;

export interface Described {
  type: string;
  text: string;
  json: string;
  unit: "chars" | "items" | "bytes";
  total: number;
  hidden: number;
}

/** The JSON text of plain data; "" for anything else: an accessor, a hole, a cycle, an odd prototype, NaN, too deep, too long. */
export function plainJson(value: unknown, bound: number = BOUND): string {
  const path = new NativeSet<object>();
  let text = "";
  const write = (v: unknown, depth: number): boolean => {
    if (text.length > bound || depth > JSON_DEPTH) return false;
    if (v === null || typeof v === "boolean") text += StringOf(v);
    else if (typeof v === "number") {
      if (!isFiniteNumber(v) || sameValue(v, -0)) return false;
      text += StringOf(v);
    } else if (typeof v === "string") {
      if (v.length > bound) return false;
      text += stringify(toWellFormed(v)); // a lone surrogate has no place in UTF-8
    } else if (typeof v !== "object" || isProxy(v) || setHas(path, v)) return false;
    else {
      setAdd(path, v);
      if (!(isArray(v) ? writeArray(v, depth) : writeObject(v, depth))) return false;
      setDelete(path, v);
    }
    return true;
  };
  const writeArray = (a: unknown[], depth: number): boolean => {
    if (getPrototypeOf(a) !== ArrayPrototype || 2 * a.length > bound) return false;
    text += "[";
    for (let i = 0; i < a.length; i++) {
      const d = getOwnPropertyDescriptor(a, i);
      if (d === undefined || !plainData(d)) return false;
      if (i > 0) text += ",";
      if (!write(d.value, depth + 1)) return false;
    }
    text += "]";
    return ownKeys(a).length === a.length + 1; // asked last: the keys of a large array take memory
  };
  const writeObject = (o: object, depth: number): boolean => {
    const proto = getPrototypeOf(o);
    if (proto !== ObjectPrototype && proto !== null) return false;
    const keys = ownKeys(o);
    text += "{";
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!, d = getOwnPropertyDescriptor(o, key)!;
      if (typeof key === "symbol" || !plainData(d)) return false;
      text += (i > 0 ? "," : "") + stringify(toWellFormed(key)) + ":";
      if (!write(d.value, depth + 1)) return false;
    }
    text += "}";
    return true;
  };
  return write(value, 0) && text.length <= bound ? text : "";
}
function plainData(d: PropertyDescriptor): boolean {
  setPrototypeOf(d, null);
  return d.get === undefined && d.set === undefined && d.enumerable === true;
}

/** How large a value is, in the unit its type suggests: characters, items, bytes, keys. */
export function sizeOf(v: unknown): number {
  if (typeof v === "string") return v.length;
  if (typeof v !== "object" || v === null || isProxy(v)) return 0;
  if (isArray(v)) return v.length;
  if (isMap(v)) return mapSize(v);
  if (isSet(v)) return setSize(v);
  if (isTypedArray(v)) return viewByteLength(v);
  if (isBuffer(v)) return bufferByteLength(v);
  if (isLongString(v)) return ownValue(v, "length") as number;
  return ownKeys(v).length;
}

export function describe(v: unknown): Described {
  const type = typeName(v);
  if (typeof v === "string") {
    return { type, text: start(v, BOUND), json: plainJson(v), unit: "chars", total: v.length, hidden: 0 };
  }
  const json = plainJson(v), { text, hidden } = inspect(v);
  const items = isArray(v) && !isProxy(v);
  return {
    type,
    text: start(text, BOUND),
    json,
    unit: items ? "items" : "chars",
    total: items ? v.length : text.length,
    hidden,
  };
}

/** One line on a variable. */
export function preview(v: unknown): string {
  if (typeof v === "string") return v.length > 60 ? `${stringify(start(v, 60))}…` : stringify(v);
  if (typeof v === "function") return typeName(v);
  const json = plainJson(v, 80);
  if (json !== "") return json;
  return isProxy(v) ? "[Proxy]" : isPromise(v) ? "[Promise]" : start(plain(v, 2), 80);
}

/** A part of `v` by a chain of keys: a Map is entered by its keys, a Set by places, an array also from its end. Undefined where there is
 * none. */
export function part(v: unknown, path: (string | number)[]): { value: unknown } | undefined {
  for (let i = 0; i < path.length; i++) {
    const key = path[i]!;
    if (typeof v === "string" && typeof key === "number") {
      const at = key < 0 ? v.length + key : key;
      if (at < 0 || at >= v.length) return undefined;
      v = v[at];
      continue;
    }
    if ((typeof v !== "object" && typeof v !== "function") || v === null || isProxy(v)) return undefined;
    if (isMap(v) || isSet(v)) {
      const hit = isMap(v) ? entry(v as Map<unknown, unknown>, key) : member(v as Set<unknown>, key);
      if (hit === undefined) return undefined;
      v = hit.value;
      continue;
    }
    const length = isArray(v) ? v.length : isTypedArray(v) ? viewLength(v) : 0;
    const d = getOwnPropertyDescriptor(v, typeof key === "number" && key < 0 ? length + key : key);
    if (d === undefined) return undefined;
    setPrototypeOf(d, null);
    if (d.get !== undefined || d.set !== undefined) return undefined;
    v = d.value;
  }
  return { value: v };
}

interface Found {
  value: unknown;
}

/** The value of a Map's key; of one that is no text, also by how it reads. */
function entry(m: Map<unknown, unknown>, key: string | number): Found | undefined {
  if (mapHas(m, key)) return { value: mapGet(m, key) };
  let hit: Found | undefined;
  mapForEach(m, (value, k) => {
    const reads = typeof k !== "object" && typeof k !== "function" && typeof k !== "symbol" || k === null;
    if (hit === undefined && reads && StringOf(k) === StringOf(key)) hit = { value };
  });
  return hit;
}

function member(s: Set<unknown>, key: string | number): Found | undefined {
  const at = typeof key === "number" && key < 0 ? setSize(s) + key : key;
  let hit: Found | undefined, i = 0;
  setForEach(s, (value) => {
    if (i++ === at) hit = { value };
  });
  return hit;
}
