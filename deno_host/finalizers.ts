// FinalizationRegistry with callbacks that may throw: what one throws is printed as `[uncaught]`. V8 would print it itself, on standard
// output, which is the wire. Like everything of a session's, callbacks run during runs only.
import { apply, construct, define, TypeErrorOf } from "./primordials.ts";

export function installFinalizers(scope: object, uncaught: (error: unknown) => void): void {
  const Native = FinalizationRegistry;
  function Registry(callback: (held: unknown) => void): object {
    if (new.target === undefined) throw new TypeErrorOf("Constructor FinalizationRegistry requires 'new'");
    if (typeof callback !== "function") throw new TypeErrorOf("FinalizationRegistry: cleanup must be callable");
    const safe = (held: unknown) => {
      try {
        apply(callback, undefined, [held]);
      } catch (error) {
        uncaught(error);
      }
    };
    return construct(Native, [safe], new.target);
  }
  Object.defineProperty(Registry, "name", { value: "FinalizationRegistry" });
  Object.defineProperty(Registry, "prototype", { value: Native.prototype, writable: false });
  define(Native.prototype, "constructor", Registry); // else a session would find the native one there
  define(scope, "FinalizationRegistry", Registry);
}
