// Which objects may have properties that are not like those of an assignment. Such a one is made by few functions, or by an accessor in an
// object literal, which shows when it is looked for; every other ordinary object can be read without asking for each property's descriptor.
import { apply, createObject, defineProperty, ErrorOf, NativeWeakSet, weakAdd, weakHas } from "./primordials.ts";
import { isProxy } from "./brands.ts";

const special = new NativeWeakSet<object>();
let anyIsSpecial = false;

/** Whether a property of `o` may be hidden, or fixed, by what a session did. */
export function isSpecial(o: object): boolean {
  return anyIsSpecial || weakHas(special, o);
}

/** Takes down that a property of `o` is, or may be. */
export function note<T>(o: T): T {
  anyIsSpecial ||= isProxy(o); // it passes the property on, to an object that nobody tells
  if ((typeof o === "object" && o !== null) || typeof o === "function") weakAdd(special, o);
  return o;
}

/** Puts functions that take note in the place of those that make such properties; in all else they are the same. */
export function watchAttributes(scope: any): void {
  const { Object, Reflect } = scope, { captureStackTrace } = ErrorOf;
  const { create, defineProperties, defineProperty: define } = Object, { defineProperty: reflect } = Reflect;
  const { __defineGetter__: getter, __defineSetter__: setter } = Object.prototype;
  const watched: [object, Record<string, unknown>][] = [
    [Object, {
      create: (...all: unknown[]) => all.length > 1 ? note(apply(create, Object, all)) : createObject(all[0] as object),
      defineProperties: (o: unknown, all: unknown) => apply(defineProperties, Object, [note(o), all]),
      defineProperty: (o: unknown, key: unknown, d: unknown) => apply(define, Object, [note(o), key, d]),
    }],
    [ErrorOf, {
      captureStackTrace: function capture(o: object, above?: unknown) {
        return apply(captureStackTrace, ErrorOf, [note(o), above === undefined ? capture : above]);
      },
    }],
    [Reflect, { defineProperty: (o: unknown, key: unknown, d: unknown) => apply(reflect, Reflect, [note(o), key, d]) }],
    [Object.prototype, {
      __defineGetter__(this: unknown, key: unknown, f: unknown) {
        return apply(getter, note(this), [key, f]);
      },
      __defineSetter__(this: unknown, key: unknown, f: unknown) {
        return apply(setter, note(this), [key, f]);
      },
    }],
  ];
  for (const [home, functions] of watched) {
    for (const [name, f] of Object.entries(functions)) {
      const before = home as Record<string, { length: number }>;
      define(f, "length", { value: before[name]!.length });
      defineProperty(home, name, { value: f, writable: true, enumerable: false, configurable: true });
    }
  }
}
