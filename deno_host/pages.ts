// A page of a value: as many of its characters, items, keys or bytes as are shown at once. No code of the session's runs for it, and what
// is left out is never more than what the next page begins with.
import {
  append,
  Bytes,
  createObject,
  defineProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isArray,
  mapForEach,
  mapSize,
  ObjectPrototype,
  ownKeys,
  ownValue,
  setForEach,
  setPrototypeOf,
  setSize,
  slice,
  start,
  viewByteLength,
  viewLength,
} from "./primordials.ts";
import { inspect, isBuffer, isMap, isProxy, isSet, isTypedArray, typeName } from "./inspect.ts";
import { sourceOf } from "./stand_ins.ts";
import { BOUND, type Described, plainJson } from "./values.ts";

export interface Page extends Described {
  offset: number;
  count: number;
}

/** Items of a value, from where its page begins: `holding` gives a value that has just the first `count` of them. */
interface Items {
  values: unknown[];
  keys?: PropertyKey[];
  total: number;
  unit: "items" | "bytes";
  holding: (count: number) => unknown;
}

const BETWEEN = 2; // characters between two items, or a key and its value

/** `limit` units of `v` from `offset`; of items no more than about `room` characters, but one at least. */
export function page(v: unknown, offset: number, limit: number, room: number): Page {
  const most = limit < room / BETWEEN ? limit : room / BETWEEN, items = itemsOf(v, offset, most);
  if (items === undefined) return characters(v, offset, limit);
  const { total, unit } = items, told = { type: typeName(v), unit, total, hidden: 0, offset };
  for (let count = fitting(items, room);;) {
    const json = plainJson(items.holding(count));
    if (json !== "") return { ...told, text: "", json, count };
    const isWhole = offset === 0 && count === total, { text, shown } = inspect(isWhole ? v : items.holding(count));
    if (count <= 1 || (count <= shown && text.length <= room)) return { ...told, text: start(text, BOUND), json, count };
    count = count > shown ? shown : count >> 1;
  }
}

function characters(v: unknown, offset: number, limit: number): Page {
  const whole = typeof v === "string" ? v : start(printed(v), BOUND), text = slice(whole, offset, offset + limit);
  const json = text.length === whole.length ? plainJson(v) : "";
  return { type: typeName(v), text, json, unit: "chars", total: whole.length, hidden: 0, offset, count: text.length };
}

/** A function by its source, and what it has besides; anything else as inspect prints it. */
function printed(v: unknown): string {
  const { text } = inspect(v), source = typeof v === "function" && !isProxy(v) ? sourceOf(v) : "";
  return source === "" ? text : slice(text, -1) === "}" ? `${source}\n${text}` : source;
}

/** How many items, from the first, make a page. */
function fitting({ values, keys }: Items, room: number): number {
  for (let i = 0, used = BETWEEN; i < values.length; i++) {
    const json = plainJson(values[i]), key = keys?.[i];
    used += (json === "" ? inspect(values[i]).text.length : json.length) + BETWEEN;
    if (typeof key === "string") used += key.length + 2 * BETWEEN;
    if (used > room && i > 0) return i;
  }
  return values.length;
}

function itemsOf(v: unknown, offset: number, most: number): Items | undefined {
  if (typeof v !== "object" || v === null || isProxy(v)) return undefined;
  if (isArray(v)) return elements(v, offset, most);
  const values: unknown[] = [], within = (i: number) => i >= offset && i < offset + most;
  if (isMap(v) || isSet(v)) {
    let i = 0;
    const add = (x: unknown) => append(values, x);
    if (isMap(v)) mapForEach(v as Map<unknown, unknown>, (x, k) => within(i++) && add([k, x]));
    else setForEach(v as Set<unknown>, (x) => within(i++) && add(x));
    return listed(values, isMap(v) ? mapSize(v) : setSize(v), "items");
  }
  if (isTypedArray(v) || isBuffer(v)) {
    const view = (isTypedArray(v) ? v : new Bytes(v as ArrayBuffer)) as Uint8Array, total = viewLength(view);
    for (let i = offset; i < total && within(i); i++) append(values, view[i]);
    return listed(values, total, viewByteLength(view) === total ? "bytes" : "items");
  }
  const prototype = getPrototypeOf(v);
  return prototype === ObjectPrototype || prototype === null ? properties(v, offset, most) : undefined;
}

function listed(values: unknown[], total: number, unit: "items" | "bytes"): Items {
  const holding = (count: number) => {
    const held: unknown[] = [];
    for (let i = 0; i < count; i++) append(held, values[i]);
    return held;
  };
  return { values, total, unit, holding };
}

function elements(a: unknown[], offset: number, most: number): Items {
  const values: unknown[] = [];
  for (let i = offset; i < a.length && i < offset + most; i++) append(values, ownValue(a, i));
  const holding = (count: number) => {
    if (offset === 0 && count === a.length) return a;
    const held: unknown[] = [];
    for (let i = 0; i < count; i++) copy(a, offset + i, held, i);
    held.length = count; // holes stay holes
    return held;
  };
  return { values, total: a.length, unit: "items", holding };
}

/** The keys that would be printed. */
function properties(o: object, offset: number, most: number): Items {
  const all = ownKeys(o), keys: PropertyKey[] = [], values: unknown[] = [];
  let total = 0;
  for (let i = 0; i < all.length; i++) {
    const d = setPrototypeOf(getOwnPropertyDescriptor(o, all[i]!)!, null);
    if (!d.enumerable) continue;
    if (total >= offset && total < offset + most) {
      append(keys, all[i]!);
      append(values, d.value);
    }
    total++;
  }
  const holding = (count: number) => {
    if (offset === 0 && count === total) return o;
    const held = createObject(getPrototypeOf(o));
    for (let i = 0; i < count; i++) copy(o, keys[i]!, held, keys[i]!);
    return held;
  };
  return { values, keys, total, unit: "items", holding };
}

function copy(from: object, key: PropertyKey, to: object, at: PropertyKey): void {
  const d = getOwnPropertyDescriptor(from, key);
  if (d !== undefined) defineProperty(to, at, setPrototypeOf(d, null));
}
