// A thrown value as the host is told of it, without running a getter or a replaced method of the session's; and the stack traces that a
// session sees: its own frames, none of ours, no path.
import {
  apply,
  defineProperty,
  deleteProperty,
  ErrorOf,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  indexOf,
  isArray,
  ownValue,
  setPrototypeOf,
  slice,
  StringOf,
} from "./primordials.ts";
import { className, inspect, isNativeError, isProxy } from "./inspect.ts";

export interface Thrown {
  name: string;
  message: string;
  stack: string;
}

const LONG = 8_000, CHAIN = 5;
const stackGetter = getOwnPropertyDescriptor(new ErrorOf(), "stack")?.get;
const DOMError = DOMException, domMessage = getOwnPropertyDescriptor(DOMException.prototype, "message")!.get!;
const domName = getOwnPropertyDescriptor(DOMException.prototype, "name")!.get!;

/** Frames of user scripts only, in the coordinates of their bodies: what a session sees of a stack, and what the host is told. */
function formatStack(error: unknown, sites: any[]): string {
  let text = line(error);
  for (let i = 0; i < sites.length; i++) {
    const site = sites[i]!, script: unknown = site.getScriptNameOrSourceURL();
    if (typeof script !== "string" || indexOf(script, "run") !== 0) continue;
    const at = site.getLineNumber() - 1; // the body starts on the script's second line; on its first is our call
    if (at < 1) continue;
    const name: unknown = site.getFunctionName(), place = `${script}:${at}:${site.getColumnNumber()}`;
    const prefix = (site.isAsync() ? "async " : "") + (site.isConstructor() ? "new " : "");
    text += typeof name === "string" && name !== "" ? `\n    at ${prefix}${name} (${place})` : `\n    at ${prefix}${place}`;
  }
  return text;
}
const hookValue = { value: formatStack, writable: true, enumerable: false, configurable: true };
setPrototypeOf(hookValue, null);

/** Puts our formatter where V8 looks for one. A session may replace it: that changes what it sees, not what we read. */
export function installStackTraces(): void {
  defineProperty(ErrorOf, "prepareStackTrace", hookValue);
}

/** V8's stack text. Its getter calls a `prepareStackTrace` that the session may have set: off while we read. */
function stackOf(error: object): string {
  const d = getOwnPropertyDescriptor(error, "stack");
  if (d === undefined) return "";
  const hook = getOwnPropertyDescriptor(ErrorOf, "prepareStackTrace");
  if (!defineProperty(ErrorOf, "prepareStackTrace", hookValue)) return "";
  try {
    const text: unknown = d.get === undefined ? d.value : d.get === stackGetter ? apply(stackGetter!, error, []) : "";
    return typeof text === "string" ? slice(text, 0, LONG) : "";
  } finally {
    if (hook !== undefined) defineProperty(ErrorOf, "prepareStackTrace", hook);
    else deleteProperty(ErrorOf, "prepareStackTrace");
  }
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
  return name === "" ? message : `${name}: ${message}`;
}

function head(value: unknown): { name: string; message: string } {
  if (typeof value === "object" && value !== null && !isProxy(value)) {
    if (isNativeError(value)) {
      const message = ownValue(value, "message");
      return { name: nameOf(value), message: typeof message === "string" ? slice(message, 0, LONG) : "" };
    }
    if (isDomError(value)) {
      return { name: StringOf(apply(domName, value, [])), message: slice(StringOf(apply(domMessage, value, [])), 0, LONG) };
    }
  }
  return { name: "", message: typeof value === "string" ? slice(value, 0, LONG) : slice(inspect(value).text, 0, LONG) };
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
  const stack = typeof value === "object" && value !== null && !isProxy(value) && (isNativeError(value) || isDomError(value))
    ? stackOf(value)
    : "";
  return { name: name || "Thrown", message: text, stack };
}
