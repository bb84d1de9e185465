// What an object is to a snapshot, by V8's own knowledge of it: one of the words of snapshot_format.ts, or why it cannot be kept.
import { getOwnPropertyDescriptor, getPrototypeOf, hasOwn, isArray, ObjectPrototype } from "./primordials.ts";
import * as brands from "./brands.ts";
import * as format from "./snapshot_format.ts";
import type { Functions } from "./functions.ts";
import type { Platform } from "./platform.ts";

/** Why a value cannot be kept. */
export class NotKept {
  why: string;
  constructor(why: string) {
    this.why = why;
  }
}

export const LARGE = "it is larger than 8 MB",
  MANY = "it has too many objects",
  NO_ROOM = "there is too little memory left to keep it";
/** Whether that would be said again of a value that has not shrunk. */
export const isTooMuch = (why: string): boolean => why === LARGE || why === MANY || why === NO_ROOM;

/** The word for an object; throws NotKept. A function that has to be learned first counts as one of the platform. */
export function kindOf(o: object | symbol, platform: Platform, functions: Functions): number {
  if (platform.path(o) !== undefined) return format.PLATFORM;
  if (typeof o === "symbol") return format.SYMBOL;
  if (brands.isProxy(o)) throw new NotKept("a Proxy");
  if (typeof o === "function") return functionKind(o, functions);
  if (isArray(o)) return format.ARRAY;
  const prototype = getPrototypeOf(o), kind = branded(o);
  if (kind >= 0) return kind;
  if (hasOwn(o, "constructor") && isPrototype(o, platform, functions)) return format.PROTOTYPE;
  if (prototype === ObjectPrototype) return format.OBJECT;
  if (prototype === null) return format.BARE;
  if (platform.path(prototype) !== undefined && platform.recipe(prototype) >= 0) {
    return platform.urlOf(o) === undefined ? format.MADE : format.PARAMETERS;
  }
  for (let p: object | null = prototype; p !== null; p = getPrototypeOf(p)) {
    if (brands.isProxy(p)) throw new NotKept("it inherits from a Proxy");
    if (!platform.isOrdinary(p)) throw new NotKept(`an object of the platform: ${platform.path(p)}`);
  }
  return format.OBJECT;
}

function branded(o: object): number {
  if (brands.isMap(o)) return format.MAP;
  if (brands.isSet(o)) return format.SET;
  if (brands.isDate(o)) return format.DATE;
  if (brands.isRegExp(o)) return format.REGEXP;
  if (brands.isNativeError(o)) return format.ERROR;
  if (brands.isTypedArray(o) || brands.isDataView(o)) return format.VIEW;
  if (brands.isArrayBuffer(o)) {
    if (brands.isDetached(o)) throw new NotKept("a buffer that was given away");
    return format.BUFFER;
  }
  if (brands.isBoxedPrimitive(o)) return format.BOXED;
  if (brands.isPromise(o)) throw new NotKept("a Promise");
  if (brands.isGeneratorObject(o)) throw new NotKept("a running generator");
  if (brands.isWeakMap(o) || brands.isWeakSet(o)) throw new NotKept("a weak collection");
  if (brands.isMapIterator(o) || brands.isSetIterator(o)) throw new NotKept("an iterator");
  if (brands.isArgumentsObject(o)) throw new NotKept("an arguments object");
  if (brands.isAnyArrayBuffer(o)) throw new NotKept("a shared buffer");
  if (brands.isModuleNamespaceObject(o)) throw new NotKept("a module");
  return -1;
}

function functionKind(f: object, functions: Functions): number {
  const source = functions.source(f);
  if (source === undefined) return format.PLATFORM;
  if (source.why !== "") throw new NotKept(source.why);
  return source.member !== undefined ? format.MEMBER : source.isClass ? format.CLASS : format.FUNCTION;
}

/** Whether an object is the prototype that a class of the session has made. */
function isPrototype(o: object, platform: Platform, functions: Functions): boolean {
  const maker: unknown = getOwnPropertyDescriptor(o, "constructor")!.value;
  if (typeof maker !== "function" || platform.path(maker) !== undefined || brands.isProxy(maker)) return false;
  if (getOwnPropertyDescriptor(maker, "prototype")?.value !== o) return false;
  const source = functions.source(maker);
  return source === undefined ? functions.ask(maker) : source.isClass;
}

/** Which constructor makes an error again: the nearest of its prototypes says. */
export function errorKind(error: object): number {
  for (let p = getPrototypeOf(error); p !== null && !brands.isProxy(p); p = getPrototypeOf(p)) {
    for (let i = 0; i < brands.ERRORS.length; i++) if (brands.ERRORS[i]!.prototype === p) return i;
  }
  return 0;
}
