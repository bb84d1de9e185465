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
  schedule,
  TypeErrorOf,
  unschedule,
} from "./primordials.ts";

type Callback = (...args: unknown[]) => unknown;
type Timer = ReturnType<typeof schedule>;
const scheduleRepeat = globalThis.setInterval;

export class Timers {
  #pending = new NativeMap<number, Timer>();
  #last = 0;
  #uncaught: (error: unknown) => void;

  constructor(uncaught: (error: unknown) => void) {
    this.#uncaught = uncaught;
  }

  /** Puts setTimeout, setInterval and their clear functions into `scope`. */
  install(scope: Record<string, unknown>): void {
    const start = (once: boolean) => (callback: Callback, delay: unknown = 0, ...args: unknown[]): number => {
      if (typeof callback !== "function") throw new TypeErrorOf("The callback must be a function");
      const id = ++this.#last;
      const fire = () => {
        if (once) mapDelete(this.#pending, id);
        try {
          apply(callback, scope, args);
        } catch (error) {
          this.#uncaught(error);
        }
      };
      mapSet(this.#pending, id, (once ? schedule : scheduleRepeat)(fire, delay as number));
      return id;
    };
    const clear = (id?: unknown): void => {
      const timer = typeof id === "number" ? mapGet(this.#pending, id) : undefined;
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
