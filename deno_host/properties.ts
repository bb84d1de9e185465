// What of an object's properties has to be written: what its kind makes anyway does not, and what is plain is told by its value alone.
import { getPrototypeOf, getterOf, getValue, hasOwn, list, ownKeys } from "./primordials.ts";
import * as brands from "./brands.ts";
import * as format from "./snapshot_format.ts";
import { LARGE, NotKept } from "./kinds.ts";
import type { Platform } from "./platform.ts";

/** Bytes of a value that is kept, at most. */
export const VALUE_BYTES = 8_388_608;
/** Elements of an array: from there on the list of their keys takes several times the room of the elements. */
export const LONG = 50_000;
const LOOKED_AT = 256;

/** A property as an assignment makes it. */
export const isPlain = (d: PropertyDescriptor) => d.writable === true && d.enumerable === true && d.configurable === true;

/**
 * The value of a property that is no accessor; undefined where that has to be looked at more closely. Not by `o[key]`: code that has seen
 * arrays of several kinds makes of an array of numbers, when it reads one, another that takes three times the room.
 */
export function plainValue(o: any, key: PropertyKey): unknown {
  return getterOf(o, key) === undefined && hasOwn(o, key) ? getValue(o, key) : undefined;
}

/** Whether a property is there already when an object of its kind is made, and says nothing of it. */
export function isMade(o: object, kind: number, key: PropertyKey, platform: Platform): boolean {
  if (kind === format.MADE || kind === format.PARAMETERS) return platform.isOwn(getPrototypeOf(o)!, key);
  if (kind === format.CLASS) return key === "prototype";
  return kind === format.BOXED && key === "length" && brands.isStringObject(o);
}

/** Whether an array has about as many elements as its length says; throws NotKept where these are far too many. */
export function fillsItsLength(a: unknown[]): boolean {
  if (a.length <= LONG) return true;
  let there = 0;
  for (let i = 0; i < LOOKED_AT; i++) if (hasOwn(a, i)) there++;
  if (2 * there > LOOKED_AT && a.length > VALUE_BYTES) throw new NotKept(LARGE);
  return 2 * there > LOOKED_AT;
}

/** The keys of a view or a boxed primitive without those of its elements or characters. */
export function afterElements(o: object): PropertyKey[] {
  const n = brands.isTypedArray(o) ? brands.lengthOf(o) : brands.isStringObject(o) ? (brands.unboxed(o) as string).length : 0;
  const own = list<PropertyKey>();
  if (n > LONG) return own; // the list would take too much room: properties that somebody gave such a one are not kept
  const all = ownKeys(o);
  for (let i = n; i < all.length; i++) own[own.length] = all[i]!;
  return own;
}
