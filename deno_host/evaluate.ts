// Evaluating one prepared program. It comes in two texts, both evaluated as plain scripts:
//   declare   `let a, f;`   only names that the session does not have yet
//   body      statements, run as `HOOK(async () => {body})`; we hold its promise
// The inspector's REPL mode is not used: Deno panics when a REPL-mode evaluation's promise is collected before its reply was read. Here
// a wait that never ends is only a wait. The evaluation's own time-out stops a loop in the synchronous part and keeps the heap; a loop
// after an `await` can only be ended by killing the process. `allowUnsafeEvalBlockedByCSP: false`, or the inspector would lift the ban on
// code from strings.
import inspector from "node:inspector";
import { defineProperty, deleteProperty, PromiseOf } from "./primordials.ts";

/** A `const` in script scope that no one can assign to: prepare writes its name where the caller assigns to a constant. */
const CONST = "__codeexec_const";
/** The inspector's reply comes within a turn or two of the event loop. */
const REPLY_TURNS = 100;

interface Dispatched {
  failed: boolean;
  reply: any;
}

export class Evaluator {
  #session = new inspector.Session();
  #immediate: (f: () => void) => void;
  #serial = 0;

  constructor(immediate: (f: () => void) => void) {
    this.#immediate = immediate;
    this.#session.connect();
  }

  /** The first use of the inspector: Deno boots a part of Node for it. Must be awaited before anything else is evaluated. */
  async open(): Promise<void> {
    await this.#replied(this.#evaluate(`const ${CONST} = undefined`, {}));
  }

  async #replied(d: Dispatched): Promise<void> {
    for (let i = 0; i < REPLY_TURNS && !d.failed && d.reply === undefined; i++) await this.turn();
  }

  /** One turn of the event loop: microtasks drained, rejections reported, replies of the inspector in. */
  turn(): Promise<void> {
    return new PromiseOf((resolve) => this.#immediate(() => resolve()));
  }

  /** Dispatches now, synchronously; only the reply comes a turn or two later. */
  #evaluate(expression: string, options: object): Dispatched {
    const d: Dispatched = { failed: false, reply: undefined };
    const parameters = {
      expression,
      replMode: false,
      awaitPromise: false,
      allowUnsafeEvalBlockedByCSP: false,
      silent: true,
      ...options,
    };
    (this.#session.post as any)("Runtime.evaluate", parameters, (error: unknown, reply: unknown) => {
      d.failed = error !== null && error !== undefined;
      d.reply = reply;
    });
    return d;
  }

  /** Evaluates `HOOK(text)`: `f` gets what the text makes and runs inside the evaluation. The hook is gone before `f` runs. */
  #hook(f: (made: any) => void, text: string, options: object, after = ""): Dispatched {
    const hook = `__codeexec_${++this.#serial}`;
    const value = (made: unknown) => {
      deleteProperty(globalThis, hook);
      f(made);
    };
    defineProperty(globalThis, hook, { __proto__: null, value, configurable: true } as PropertyDescriptor);
    const d = this.#evaluate(`${hook}(${text})${after}`, options);
    deleteProperty(globalThis, hook);
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
    if (promise !== undefined) return { promise };
    if (parsed !== undefined) return { stopped: true };
    await this.#replied(d);
    const { exception, lineNumber, columnNumber } = d.reply?.exceptionDetails ?? { lineNumber: 1, columnNumber: 0 };
    return { syntax: { error: exception?.description ?? "", line: lineNumber, column: columnNumber + 1 } };
  }
}

export interface Started {
  promise?: Promise<unknown>;
  stopped?: true;
  syntax?: { error: string; line: number; column: number }; // of the body, from 1
}
