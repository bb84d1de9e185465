// Evaluating one prepared program. It comes in two texts, both evaluated as plain scripts:
//   declare   `let a, f;`   only names that the session does not have yet
//   body      statements, run as `HOOK(async () => {body})`; we hold its promise
// HOOK is a constant of the script scope: a session can neither replace it nor, by freezing the global object, take it away.
// The inspector's REPL mode is not used: Deno panics when a REPL-mode evaluation's promise is collected before its reply was read. Here
// a wait that never ends is only a wait. The evaluation's own time-out stops a loop in the synchronous part and keeps the heap; a loop
// after an `await` can only be ended by killing the process. `allowUnsafeEvalBlockedByCSP: false`, or the inspector would lift the ban on
// code from strings.
import type { Session } from "node:inspector";
import {
  define,
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  ObjectPrototype,
  PromiseOf,
  setPrototypeOf,
} from "./primordials.ts";

const scope = globalThis, { exit } = Deno;

/** A `const` in script scope that no one can assign to: prepare writes its name where the caller assigns to a constant. */
const CONST = "__codeexec_const", HOOK = "__codeexec_hook";
/** The inspector's reply comes within a turn or two of the event loop. */
const REPLY_TURNS = 100;

/** What the inspector's JavaScript reads or writes on plain objects of its own, and a session could plant on their prototype. */
const PLANTED = ["toJSON", "params", "error"];

interface Dispatched {
  failed: boolean;
  reply: any;
}

/** Takes planted fields away for a moment; gives the way to put them back. Where they cannot be moved, the process is of no use. */
function unplant(): () => void {
  let back: (() => void) | undefined;
  for (let i = 0; i < PLANTED.length; i++) {
    const key = PLANTED[i]!, planted = getOwnPropertyDescriptor(ObjectPrototype, key), before = back;
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
const NOWHERE = { exception: { description: "" }, lineNumber: 1, columnNumber: 0 };

export class Evaluator {
  #session!: Session;
  #immediate!: (f: () => void) => { _argv: unknown };
  #called: ((made: any) => void) | undefined; // what HOOK calls, once
  #replant = nothing;

  /**
   * Connects the inspector, for which Deno boots a part of Node. Must be awaited before anything else is evaluated. The name `Error`
   * becomes a variable, so that a session may have another: the property of the global object is fixed, see thrown.ts.
   */
  async open(): Promise<void> {
    const { Session } = await import("node:inspector");
    this.#immediate = globalThis.setImmediate as any;
    this.#session = new Session();
    this.#session.connect();
    define(scope, HOOK, (made: unknown) => {
      const called = this.#called;
      this.#called = undefined;
      called?.(made);
    });
    await this.#replied(this.#evaluate(`const ${CONST} = undefined, ${HOOK} = this.${HOOK}; let Error = this.Error`, {}));
    deleteProperty(scope, HOOK);
  }

  async #replied(d: Dispatched): Promise<void> {
    const replant = unplant();
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

  /** Dispatches now, synchronously; only the reply comes a turn or two later. */
  #evaluate(expression: string, options: object): Dispatched {
    const d: Dispatched = { failed: false, reply: undefined };
    const parameters = {
      __proto__: null,
      expression,
      replMode: false,
      awaitPromise: false,
      allowUnsafeEvalBlockedByCSP: false,
      silent: true,
      ...options,
    };
    this.#replant = unplant();
    this.#session.post("Runtime.evaluate", parameters as any, (error: unknown, reply: unknown) => {
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
  #hook(f: (made: any) => void, text: string, options: object, after = ""): Dispatched {
    this.#called = (made) => {
      this.#begun();
      f(made);
    };
    const d = this.#evaluate(`${HOOK}(${text})${after}`, options);
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

  /** Sets a declared variable. */
  assign(name: string, value: unknown): void {
    this.#hook((set) => set(value), `(v)=>{${name}=v}`, { timeout: 1_000 });
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
