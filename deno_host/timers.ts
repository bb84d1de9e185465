// The session's timers: Deno's own, remembered, so that the end of a run cancels what is pending. A callback that throws prints
// `[uncaught]` and kills nothing; a callback never runs outside a run.
import {
  apply,
  mapClear,
  mapDelete,
  mapForEach,
  mapSet,
  mapSize,
  NativeMap,
  schedule,
  TypeErrorOf,
  unschedule,
} from "./primordials.ts";

type Callback = (...args: unknown[]) => unknown;
const scheduleRepeat = globalThis.setInterval;

export class Timers {
  #pending = new NativeMap<number, true>();
  #uncaught: (error: unknown) => void;

  constructor(uncaught: (error: unknown) => void) {
    this.#uncaught = uncaught;
  }

  /** Puts setTimeout, setInterval and their clear functions into `scope`. */
  install(scope: Record<string, unknown>): void {
    const start = (once: boolean) => (callback: Callback, delay: unknown = 0, ...args: unknown[]): number => {
      if (typeof callback !== "function") throw new TypeErrorOf("The callback must be a function");
      const fire = () => {
        if (once) mapDelete(this.#pending, id);
        try {
          apply(callback, scope, args);
        } catch (error) {
          this.#uncaught(error);
        }
      };
      const id = (once ? schedule : scheduleRepeat)(fire, delay as number) as unknown as number;
      mapSet(this.#pending, id, true);
      return id;
    };
    const clear = (id?: unknown): void => {
      if (typeof id === "number" && mapDelete(this.#pending, id)) unschedule(id);
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
    mapForEach(this.#pending, (_value, id) => unschedule(id));
    mapClear(this.#pending);
    return count;
  }
}
