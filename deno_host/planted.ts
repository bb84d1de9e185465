// A session can plant fields on Object.prototype, where they show through objects of ours, of the inspector's JavaScript, and the
// descriptors that V8 makes. They are taken away for a moment.
import { defineProperty, deleteProperty, getOwnPropertyDescriptor, ObjectPrototype, setPrototypeOf } from "./primordials.ts";

const { exit } = Deno;

/** What the inspector's JavaScript reads or writes on plain objects of its own. */
export const OF_INSPECTOR = ["toJSON", "params", "error"];
export const OF_DESCRIPTORS = ["value", "get", "set", "writable", "enumerable", "configurable"];

/** Takes planted fields away; gives the way to put them back. Where they cannot be moved, the process is of no use. */
export function unplant(keys: string[]): () => void {
  let back: (() => void) | undefined;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!, planted = getOwnPropertyDescriptor(ObjectPrototype, key), before = back;
    if (planted === undefined) continue;
    if (!deleteProperty(ObjectPrototype, key)) exit(1);
    setPrototypeOf(planted, null);
    back = () => {
      before?.();
      defineProperty(ObjectPrototype, key, planted);
    };
  }
  return back ?? nothing;
}
function nothing(): void {}
