// The session's timers: Deno's own, remembered, so that the end of a run cancels what is pending. A callback that throws prints
// `[uncaught]` and kills nothing; a callback never runs outside a run. A session sees numbers: Deno's timers are objects, by which it
// could start one again that was cancelled.
import {
  apply,
  mapClear,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  mapSize,
  NativeMap,
  RangeErrorOf,
  TypeErrorOf,
} from "./primordials.ts";

type Callback = (...args: unknown[]) => unknown;
let unschedule: typeof globalThis.clearTimeout;
const MOST = 10_000; // pending at once: a run that starts them without end hears of it, and its heap lives

export class Timers {
  #pending = new NativeMap<number, any>(); // Deno's timers, by what the session has for them: a number, never Deno's own object
  #last = 0;
  #uncaught: (error: unknown) => void;

  constructor(uncaught: (error: unknown) => void) {
    this.#uncaught = uncaught;
  }

  /** Puts setTimeout, setInterval and their clear functions into `scope`. Deno loads a part of Node when it is first asked for its own. */
  install(scope: Record<string, unknown>): void {
    const { setTimeout, setInterval, clearTimeout } = globalThis;
    unschedule = clearTimeout;
    const start = (once: boolean) => (callback: Callback, delay: unknown = 0, ...args: unknown[]): number => {
      if (typeof callback !== "function") throw new TypeErrorOf("The callback must be a function");
      if (mapSize(this.#pending) >= MOST) {
        throw new RangeErrorOf(`${MOST} timers are pending, which is the most; wait for some, or clear them, before starting more`);
      }
      const id = ++this.#last;
      const fire = () => {
        if (once) mapDelete(this.#pending, id);
        try {
          apply(callback, scope, args);
        } catch (error) {
          this.#uncaught(error);
        }
      };
      mapSet(this.#pending, id, (once ? setTimeout : setInterval)(fire, delay as number));
      return id;
    };
    const clear = (id?: unknown): void => {
      const timer = mapGet(this.#pending, id as number);
      if (timer === undefined) return;
      mapDelete(this.#pending, id as number);
      unschedule(timer);
    };
    const named = (name: string, f: unknown) => {
      Object.defineProperty(f, "name", { value: name });
      Object.defineProperty(scope, name, { value: f, writable: true, enumerable: true, configurable: true });
    };
    named("setTimeout", start(true));
    named("setInterval", start(false));
    named("clearTimeout", clear);
    named("clearInterval", (id?: unknown) => clear(id));
  }

  /** Cancels everything pending; how many there were. */
  cancel(): number {
    const count = mapSize(this.#pending);
    mapForEach(this.#pending, (timer) => unschedule(timer));
    mapClear(this.#pending);
    return count;
  }
}
