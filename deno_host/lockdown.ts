// Takes away what a session must not have. Called once, after everything that is loaded lazily has been touched and everything the
// harness needs has been captured. The wall is the process around us; this makes the room inside it plain.
import { defineProperty, deleteProperty, ownKeys, PromiseOf } from "./primordials.ts";

/** Globals that reach outside, start threads, load native code, or cannot work here. */
const GONE = `
  Deno process Buffer global self name closed close location Location Window Navigator navigator NavigatorUAData
  Worker WebAssembly SharedArrayBuffer Atomics fetch Request Response FormData WebSocket EventSource caches
  Cache CacheStorage localStorage sessionStorage Storage prompt alert confirm setImmediate clearImmediate
  BroadcastChannel MessageChannel MessagePort FileReader File createImageBitmap ImageData ImageBitmap
  ImageBitmapRenderingContext OffscreenCanvas Lock LockManager PerformanceObserver onerror onload onbeforeunload
  onunload onunhandledrejection gc
`.trim().split(/\s+/);

/** `await` asks a promise for its constructor, and `then` that for its species: the harness' own must not be answered by a session. */
export function pinPromises(): void {
  defineProperty(PromiseOf.prototype, "constructor", { writable: false, configurable: false });
  defineProperty(PromiseOf, Symbol.species, { configurable: false });
}

/** Deno notes on the global object that it is about to exit, and does not where a session has frozen that: an accessor takes the note. */
export function keepExit(scope: object): void {
  defineProperty(scope, Symbol.for("Deno.isUnloadDispatched"), { get: () => false, set: () => {}, configurable: false });
}

export function lockDown(scope: object): void {
  for (const key of ownKeys(scope)) {
    if (typeof key === "string" && (GONE.includes(key) || key.startsWith("GPU"))) deleteProperty(scope, key);
  }
}
