// Evaluating one prepared program. It comes in two texts, both evaluated as plain scripts:
//   declare   `let a, f;`   only names that the session does not have yet
//   body      statements, run as `HOOK(async () => {body})`; we hold its promise
// HOOK is a constant of the script scope: a session can neither replace it nor, by freezing the global object, take it away.
// The inspector's REPL mode is not used: Deno panics when a REPL-mode evaluation's promise is collected before its reply was read. Here
// a wait that never ends is only a wait. The evaluation's own time-out stops a loop in the synchronous part and keeps the heap; a loop
// after an `await` can only be ended by killing the process. `allowUnsafeEvalBlockedByCSP: false`, or the inspector would lift the ban on
// code from strings.
import type { Session } from "node:inspector";
import { append, define, deleteProperty, list, ownValue, PromiseOf, setPrototypeOf } from "./primordials.ts";
import { MAKING, type Privates, TELL } from "./privates.ts";
import { OF_INSPECTOR, unplant } from "./planted.ts";

const scope = globalThis;

/** A `const` in script scope that no one can assign to: prepare writes its name where the caller assigns to a constant. */
const CONST = "__codeexec_const", HOOK = "__codeexec_hook";
/** The inspector's reply comes within a turn or two of the event loop. */
const REPLY_TURNS = 100;
const MAKE_MS = 1_000, GROUP = "snapshot", NO_PROPERTIES = { result: [] };

/** A scope that a function closes over: how many names it holds; of one that holds a single name, what that is. */
export interface Scope {
  kind: string;
  names: number;
  only: string;
}

/** What `f` makes of each, in a list that a promise can be resolved with: no `then` that a session planted is found on it. */
function each<T, R>(items: T[], f: (item: T) => R): R[] {
  const made = list<R>();
  for (let i = 0; i < items.length; i++) append(made, f(items[i]!));
  return made;
}

function internal(told: any, name: string): any {
  const list = ownValue(told, "internalProperties") as any[] | undefined ?? [];
  for (let i = 0; i < list.length; i++) if (list[i].name === name) return list[i].value;
  return undefined;
}

interface EvaluateOptions {
  timeout?: number;
  objectGroup?: string;
}

interface Dispatched {
  failed: boolean;
  reply: any;
}

function nothing(): void {}
const NOWHERE = { exception: { description: "" }, lineNumber: 1, columnNumber: 0 };

export class Evaluator {
  #session!: Session;
  #immediate!: (f: () => void) => { _argv: unknown };
  #called: ((made: any) => unknown) | undefined; // what HOOK calls, once
  #replant = nothing;

  /**
   * Connects the inspector, for which Deno boots a part of Node. Must be awaited before anything else is evaluated. The name `Error`
   * becomes a variable, so that a session may have another: the property of the global object is fixed, see thrown.ts.
   */
  async open(privates: Privates): Promise<void> {
    const { Session } = await import("node:inspector");
    this.#immediate = globalThis.setImmediate as any;
    this.#session = new Session();
    this.#session.connect();
    define(scope, HOOK, (made: unknown) => {
      const called = this.#called;
      this.#called = undefined;
      return called?.(made);
    });
    define(scope, TELL, privates.tell);
    define(scope, MAKING, privates.making);
    const constants = `${CONST} = undefined, ${HOOK} = this.${HOOK}, ${TELL} = this.${TELL}, ${MAKING} = this.${MAKING}`;
    await this.#replied(this.#evaluate(`const ${constants}; let Error = this.Error`, {}));
    for (const name of [HOOK, TELL, MAKING]) deleteProperty(scope, name);
  }

  async #replied(d: Dispatched): Promise<void> {
    const replant = unplant(OF_INSPECTOR);
    for (let i = 0; i < REPLY_TURNS && !d.failed && d.reply === undefined; i++) await this.turn();
    replant();
  }

  /** One turn of the event loop: microtasks drained, rejections reported, replies of the inspector in. */
  turn(): Promise<void> {
    return new PromiseOf((resolve) => {
      const immediate = this.#immediate(() => resolve());
      immediate._argv = undefined; // else Deno spreads it, by an iterator that the session may have replaced
    });
  }

  #evaluate(expression: string, options: object): Dispatched {
    return this.#dispatch("Runtime.evaluate", {
      expression,
      replMode: false,
      awaitPromise: false,
      allowUnsafeEvalBlockedByCSP: false,
      silent: true,
      ...options,
    });
  }

  /** Dispatches now, synchronously; only the reply comes a turn or two later. */
  #dispatch(method: string, parameters: object): Dispatched {
    const d: Dispatched = { failed: false, reply: undefined };
    setPrototypeOf(parameters, null);
    this.#replant = unplant(OF_INSPECTOR);
    this.#session.post(method as any, parameters as any, (error: unknown, reply: unknown) => {
      d.failed = error !== null && error !== undefined;
      d.reply = reply;
    });
    this.#begun();
    return d;
  }

  /** The inspector has read its command: what the session planted is there for its own code. */
  #begun(): void {
    const replant = this.#replant;
    this.#replant = nothing;
    replant();
  }

  /** Evaluates `HOOK(text)`: `f` gets what the text makes and runs inside the evaluation. A session's own call of HOOK does nothing. */
  #hook(f: (made: any) => unknown, text: string, options: EvaluateOptions, after = "", directive = ""): Dispatched {
    this.#called = (made) => {
      this.#begun();
      const given = f(made);
      return options.objectGroup === undefined ? undefined : given; // the inspector holds what an evaluation gives, for good
    };
    const d = this.#evaluate(`${directive}${HOOK}(${text})${after}`, options);
    this.#called = undefined;
    return d;
  }

  /** Runs `f` now, stopped after `ms`; whether it came to its end. */
  guard(f: () => void, ms: number): boolean {
    let done = false;
    this.#hook(
      () => {
        f();
        done = true;
      },
      "",
      { timeout: ms },
    );
    return done;
  }

  declare(text: string): void {
    if (text !== "") this.#evaluate(text, {});
  }

  /** Functions that read the session's variables by name, for names that are declared. */
  readers(names: string[]): (() => unknown)[] {
    let made: (() => unknown)[] = [], text = "[";
    for (let i = 0; i < names.length; i++) text += `()=>${names[i]},`;
    this.#hook((fs) => made = fs, text + "]", { timeout: 1_000 });
    return made;
  }

  /** Sets declared variables. */
  assign(values: [string, unknown][]): void {
    let text = "(v)=>{";
    for (let i = 0; i < values.length; i++) text += `${values[i]![0]}=v(${i});`;
    this.#hook((set) => set((i: number) => values[i]![1]), `${text}}`, { timeout: 1_000 });
  }

  /** What a text gives, now; undefined where it does not parse, or throws. `name` is what stack traces call it. */
  make(text: string, directive = ""): any {
    let made: unknown;
    const take = (v: unknown) => {
      made = v;
    };
    this.#hook(take, `\n${text}\n`, { timeout: MAKE_MS }, "\n//# sourceURL=kept", directive);
    return made;
  }

  /** For each function the scopes that it closes over, innermost first, but those that all share; undefined for one of the platform. */
  async closures(functions: object[]): Promise<(Scope[] | undefined)[]> {
    const found = list<Scope[] | undefined>(), told = await this.#properties(await this.#handles(functions));
    const lists = await this.#properties(each(told, (t) => internal(t, "[[Scopes]]")?.objectId));
    for (let i = 0; i < lists.length; i++) {
      if (internal(told[i], "[[Scopes]]") === undefined || internal(told[i], "[[TargetFunction]]") !== undefined) {
        append(found, undefined);
        continue;
      }
      const scopes: Scope[] = [], listed = lists[i].result, handles: unknown[] = [];
      for (let k = 0; k < listed.length; k++) {
        const kind = ownValue(listed[k].value, "description");
        if (typeof kind !== "string" || kind === "Script" || kind === "Global") continue;
        append(scopes, { kind, names: 0, only: "" });
        append(handles, listed[k].value.objectId);
      }
      const inside = await this.#properties(handles);
      for (let k = 0; k < inside.length; k++) {
        const names = inside[k].result;
        scopes[k]!.names = names.length;
        if (names.length === 1) scopes[k]!.only = ownValue(ownValue(names[0], "value") as object ?? {}, "description") as string;
      }
      append(found, scopes);
    }
    this.#release();
    return found;
  }

  /** Whether each object has private members. */
  async privates(objects: object[]): Promise<boolean[]> {
    const told = await this.#properties(await this.#handles(objects));
    this.#release();
    return each(told, (t) => (ownValue(t, "privateProperties") as unknown[] | undefined ?? []).length > 0);
  }

  /** The inspector's handles of values; it forgets them by `#release`. */
  async #handles(values: object[]): Promise<unknown[]> {
    const d = this.#hook(() => values, "", { objectGroup: GROUP, timeout: MAKE_MS });
    await this.#replied(d);
    const told = (await this.#properties([d.reply?.result?.objectId]))[0];
    let i = 0;
    return each(values, () => ownValue(told?.result[i++]?.value ?? {}, "objectId")); // own elements first
  }

  async #properties(handles: unknown[]): Promise<any[]> {
    const asked = each(
      handles,
      (objectId) => objectId === undefined ? undefined : this.#dispatch("Runtime.getProperties", { objectId, ownProperties: true }),
    );
    for (let i = 0; i < asked.length; i++) if (asked[i] !== undefined) await this.#replied(asked[i]!);
    return each(asked, (d) => d?.reply ?? NO_PROPERTIES);
  }

  #release(): void {
    this.#dispatch("Runtime.releaseObjectGroup", { objectGroup: GROUP });
  }

  /** Starts a body: its promise, or why there is none. `declare` is done once the body has parsed: a text that does not changes nothing. */
  async start(body: string, script: string, timeout: number, declare?: () => void): Promise<Started> {
    let parsed: (() => Promise<unknown>) | undefined, promise: Promise<unknown> | undefined;
    const text = `async () => {\n${body}\n}`, name = `\n//# sourceURL=${script}`;
    let d = this.#hook((f) => declare === undefined ? promise = (parsed = f)() : parsed = f, text, { timeout }, name);
    if (parsed !== undefined && declare !== undefined) {
      declare();
      d = this.#hook(() => promise = parsed!(), "", { timeout });
    }
    if (promise !== undefined) return { __proto__: null, promise } as Started;
    if (parsed !== undefined) return { __proto__: null, stopped: true } as Started;
    await this.#replied(d);
    const { exception, lineNumber, columnNumber } = d.reply?.exceptionDetails ?? NOWHERE;
    const syntax = { error: exception.description, line: lineNumber, column: columnNumber + 1 };
    return { __proto__: null, syntax } as Started;
  }
}

export interface Started {
  promise?: Promise<unknown>;
  stopped?: true;
  syntax?: { error: string; line: number; column: number }; // of the body, from 1
}
