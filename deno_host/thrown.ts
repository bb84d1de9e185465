// A thrown value as the host is told of it, without running a getter or a replaced method of the session's; and the stack traces that a
// session sees: its own frames, none of ours, no path.
import {
  append,
  apply,
  defineProperty,
  ErrorOf,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  indexOf,
  isArray,
  ownValue,
  setPrototypeOf,
  slice,
  start,
  StringOf,
} from "./primordials.ts";
import { className, inspect, isNativeError, isProxy } from "./inspect.ts";

export interface Thrown {
  name: string;
  message: string;
  stack: string;
}

const LONG = 8_000, CHAIN = 5, FRAME = "\n    at ";
const stackGetter = getOwnPropertyDescriptor(new ErrorOf(), "stack")?.get;
const DOMError = DOMException, domMessage = getOwnPropertyDescriptor(DOMException.prototype, "message")!.get!;
const domName = getOwnPropertyDescriptor(DOMException.prototype, "name")!.get!;

/** Whether a frame is of a session's script. The body starts on the script's second line; on its first is our call. */
function isOwn(site: any): boolean {
  const script: unknown = site.getScriptNameOrSourceURL();
  return typeof script === "string" && indexOf(script, "run") === 0 && site.getLineNumber() > 1;
}

/** Frames of a session's scripts, in the coordinates of their bodies: what a session sees of a stack, and what the host is told. */
function formatStack(error: unknown, sites: any[]): string {
  let text = line(error);
  for (let i = 0; i < sites.length; i++) {
    const site = sites[i]!, name: unknown = site.getFunctionName();
    const place = `${site.getScriptNameOrSourceURL()}:${site.getLineNumber() - 1}:${site.getColumnNumber()}`;
    const prefix = (site.isAsync() ? "async " : "") + (site.isConstructor() ? "new " : "");
    text += typeof name === "string" && name !== "" ? `\n    at ${prefix}${name} (${place})` : `\n    at ${prefix}${place}`;
  }
  return text;
}

/** What Deno calls for a stack. */
function prepare(error: unknown, sites: any[]): string {
  const own: unknown[] = [];
  for (let i = 0; i < sites.length; i++) if (isOwn(sites[i])) append(own, sites[i]);
  return formatStack(error, own);
}

/** What the global object has as `Error`; the variable of that name is the true one. */
class GlobalError extends ErrorOf {}

/**
 * Puts our formatter where Deno looks for one, for good: on the `Error` of the global object. Deno finds nothing that a session puts on its
 * own `Error`: while such a function ran, V8 would print every frame of any other stack itself.
 */
export function installStackTraces(scope: object): void {
  const fixed = (value: unknown) => ({ value, writable: false, enumerable: false, configurable: false });
  defineProperty(GlobalError, "prepareStackTrace", fixed(prepare));
  defineProperty(scope, "Error", fixed(GlobalError));
}

/** V8's stack text. */
export function stackOf(error: object): string {
  const d = getOwnPropertyDescriptor(error, "stack");
  if (d === undefined) return "";
  setPrototypeOf(d, null);
  const text: unknown = d.get === undefined ? d.value : d.get === stackGetter ? apply(stackGetter!, error, []) : "";
  return typeof text === "string" ? start(text, LONG) : "";
}

/** Makes of the descriptor of V8's own accessor to a stack that of what it gives; any other stays as it is. */
export function settleStack(error: object, d: PropertyDescriptor): void {
  if (d.get === undefined || d.get !== stackGetter) return;
  d.get = d.set = undefined;
  d.value = apply(stackGetter, error, []);
  d.writable = d.configurable === true; // a frozen one is neither
}

function isDomError(o: object): boolean {
  for (let p = getPrototypeOf(o); p !== null; p = getPrototypeOf(p)) {
    if (isProxy(p)) return false;
    if (p === DOMError.prototype) return true;
  }
  return false;
}

function nameOf(error: object): string {
  for (let o: object | null = error; o !== null && !isProxy(o); o = getPrototypeOf(o)) {
    const name = ownValue(o, "name");
    if (typeof name === "string") return name === "Error" ? className(error) || name : slice(name, 0, 80);
  }
  return className(error) || "Error";
}

/** One line on a value that was thrown: `TypeError: x is not a function`. */
export function line(value: unknown): string {
  const { name, message } = head(value);
  return name === "" ? message : message === "" ? name : `${name}: ${message}`;
}

function head(value: unknown): { name: string; message: string } {
  if (typeof value === "object" && value !== null && !isProxy(value)) {
    if (isDomError(value)) {
      try {
        return { name: StringOf(apply(domName, value, [])), message: start(StringOf(apply(domMessage, value, [])), LONG) };
      } catch { /* it has only the prototype of one */ }
    }
    if (isNativeError(value)) {
      const message = ownValue(value, "message");
      return { name: nameOf(value), message: typeof message === "string" ? start(message, LONG) : "" };
    }
  }
  return { name: "", message: typeof value === "string" ? start(value, LONG) : start(inspect(value).text, LONG) };
}

/** One line on a value that was thrown, and under it the frame where it was made, if it has one. */
export function placedLine(value: unknown): string {
  const said = line(value), stack = isTraced(value) ? stackOf(value) : "";
  const from = indexOf(stack, FRAME, said.length), to = from < 0 ? -1 : indexOf(stack, "\n", from + 1);
  return from < 0 ? said : said + slice(stack, from, to < 0 ? stack.length : to);
}

/** Whether a thrown value has V8's stack. */
function isTraced(value: unknown): value is object {
  return typeof value === "object" && value !== null && !isProxy(value) && (isNativeError(value) || isDomError(value));
}

/** The whole of it: name, message with causes and collected errors, stack text. A thrown non-error has the name `Thrown`. */
export function thrown(value: unknown): Thrown {
  const { name, message } = head(value);
  let text = message, cause = value;
  for (let i = 0; i < CHAIN && typeof cause === "object" && cause !== null && !isProxy(cause); i++) {
    const errors = ownValue(cause, "errors");
    if (isArray(errors) && !isProxy(errors)) {
      for (let k = 0; k < errors.length && k < CHAIN; k++) text += `\n  [${k}] ${line(ownValue(errors, k))}`;
      if (errors.length > CHAIN) text += `\n  … ${errors.length - CHAIN} more`;
    }
    if (getOwnPropertyDescriptor(cause, "cause") === undefined) break;
    cause = ownValue(cause, "cause");
    text += `\ncaused by ${line(cause)}`;
  }
  return { name: name || "Thrown", message: text, stack: isTraced(value) ? stackOf(value) : "" };
}
