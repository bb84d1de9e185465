// The process of one session: reads frames, runs prepared programs, tells what they gave. The other side is
// mcp_codeexec/runtime/worker.py; what it takes is in wire.py beside it.
//
//   host -> worker   warm (asks for nothing more), run, describe, table, assign, restore (and segment, piece), abort, reply, ping,
//                    exit by closing the pipe
//   worker -> host   ready, output, tail, call, ended, piece, segment, again, done, described, table, assigned, restored, pong
import {
  append,
  apply,
  decode,
  define,
  deleteProperty,
  encode,
  ErrorOf,
  getOwnPropertyDescriptor,
  indexOf,
  now,
  parse,
  PromiseOf,
  setPrototypeOf,
  slice,
  then,
} from "./primordials.ts";
import { type Frame, receive, receiveBlocking, send } from "./frames.ts";
import { makeConsole, Output } from "./console.ts";
import { Timers } from "./timers.ts";
import { installFinalizers } from "./finalizers.ts";
import { HostCalls } from "./host_calls.ts";
import { FILES, makeFiles } from "./files.ts";
import { Evaluator, type Started } from "./evaluate.ts";
import { LAST, Variables } from "./variables.ts";
import { rememberPlatform } from "./inspect.ts";
import { describe, part } from "./values.ts";
import { page } from "./pages.ts";
import { installStackTraces, line, placedLine, thrown } from "./thrown.ts";
import { keepExit, lockDown, pinPromises } from "./lockdown.ts";
import { watchAttributes } from "./attributes.ts";
import { Memory } from "./memory.ts";
import { Privates, tellSources } from "./privates.ts";
import { Platform } from "./platform.ts";
import { Snapshots } from "./snapshots.ts";

const scope = globalThis as any, internals = (Deno as any)[(Deno as any).internal], { Console } = internals, { exit } = Deno;
const { head, tail, memory, walls } = JSON.parse(Deno.args[0] ?? "{}") as {
  head: number; // characters
  tail: number;
  memory: number; // MB
  walls?: false;
};
const DESCRIBE_MS = 1_000;
const MOST_PLACED = 100; // uncaught errors of a run that are told with their place: V8's stack of each takes memory

const output = new Output((text) => send({ op: "output" }, encode(text)), head, tail);
let placed = 0;
const uncaught = (error: unknown) => output.write(`[uncaught] ${placed++ < MOST_PLACED ? placedLine(error) : line(error)}\n`);
const timers = new Timers(uncaught), hostCalls = new HostCalls(), evaluator = new Evaluator(), privates = new Privates();
const variables = new Variables(scope, evaluator);
let snapshots: Snapshots, room: Memory;
const kept = (name: string) => snapshots.kept(name);

interface End {
  status: "ok" | "error" | "timeout" | "cancelled";
  value?: unknown;
  stopped?: "synchronous" | "waiting";
  syntax?: Started["syntax"];
}

function syntaxError({ error, line, column }: { error: string; line: number; column: number }): object {
  const first = slice(error, 0, indexOf(error, "\n") < 0 ? error.length : indexOf(error, "\n")), colon = indexOf(first, ": ");
  return { name: "SyntaxError", message: colon < 0 ? first : slice(first, colon + 2), stack: "", line, column };
}

/** Whether telling of a run's end is sure to be quick: a value without parts. */
function isPlain({ status, value }: End): boolean {
  return status === "ok" && (typeof value === "number" || typeof value === "boolean" || value === undefined || value === null);
}

let abort: ((end: End) => void) | undefined;

async function run(
  { id, run, declare, body, timeout, declared, report: wanted, host, hostCalls: calls, keepLast }: any,
): Promise<void> {
  output.begin();
  placed = 0;
  hostCalls.install(scope, host, calls);
  const started = now();
  let finish!: (end: End) => void; // this run's own: what an earlier one left waiting may settle meanwhile
  const settled = new PromiseOf<End>((resolve) =>
    finish = (end) => {
      setPrototypeOf(end, null); // no `then`, and no field, that the session planted
      resolve(end);
    }
  );
  abort = finish;
  const declaring = declare === "" ? undefined : () => variables.declare(declare, declared); // else every name is known already
  const { promise, stopped, syntax } = await evaluator.start(body, `run${run}`, timeout, declaring);
  if (promise !== undefined) {
    then(promise, (value) => finish({ status: "ok", value }), (value) => finish({ status: "error", value }));
  } else finish(stopped ? { status: "timeout", stopped: "synchronous" } : { status: "error", syntax });
  const end = await settled;
  await evaluator.turn(); // rejections that nobody handled are reported before the run is over
  abort = undefined;
  const pending = { timers: timers.cancel(), calls: hostCalls.cancel() };
  deleteProperty(scope, "host");
  const told: any = { __proto__: null, status: end.status, ms: now() - started, made: variables.made() };
  const isLastReplaced = end.status === "ok" && keepLast;
  if (isLastReplaced) define(scope, LAST, end.value);
  const changed: string[] = wanted;
  for (let i = 0; i < told.made.length; i++) append(changed, told.made[i]);
  if (end.syntax === undefined) {
    send({ op: "ended" }); // the run's own time is over
    await snapshots.take(body, changed, isLastReplaced);
  }
  const describeEnd = (): void => {
    if (end.stopped !== undefined) told.stopped = end.stopped;
    else if (end.syntax !== undefined) told.error = syntaxError(end.syntax);
    else if (end.status === "error") told.error = thrown(end.value);
    else told.value = describe(end.value);
    told.variables = variables.report(changed, kept);
  };
  const complete = isPlain(end) && changed.length === 0 ? (describeEnd(), true) : tell(describeEnd);
  if (!complete) told.undescribed = true;
  const { tail: rest, omitted } = output.end();
  if (rest !== "") send({ op: "tail" }, encode(rest));
  send({ op: "done", id, ...told, ...pending, omitted, late: lateSoFar(), blocks: coming === undefined });
  snapshots.look(); // while the host goes on
  room.tidy();
}

/** Describes, within a bound of time; whether it came to its end. */
function tell(f: () => void): boolean {
  return evaluator.guard(f, DESCRIBE_MS);
}

function lateSoFar(): number {
  const late = output.late;
  output.late = 0;
  return late;
}

function describePart({ id, name, path, offset, limit, room }: any): void {
  const read = variables.reader(name);
  let found: object | undefined;
  const complete = tell(() => {
    if (read === undefined) return;
    const at = part(read(), path);
    if (at !== undefined) found = page(at.value, offset, limit, room);
  });
  send({ op: "described", id, complete, known: read !== undefined, page: found ?? null });
}

function table({ id, names }: any): void {
  let found: object[] = [];
  tell(() => found = variables.report(names, kept));
  send({ op: "table", id, variables: found });
}

async function assign({ header, blob }: Frame): Promise<void> {
  const { id, name, declare } = header;
  variables.declare(declare, [name]);
  variables.assign([[name, parse(decode(blob))]]);
  await snapshots.take("", [name], false);
  send({ op: "assigned", id, variables: variables.report([name], kept) });
}

function restore({ id, segments, declare, names, inert }: any): void {
  send({ op: "restored", id, lost: snapshots.restore(segments, declare, names, inert) });
}

/** Deals with one frame; a promise while a run goes on. */
function answer(frame: Frame): Promise<void> | undefined {
  const { header } = frame;
  switch (header.op) {
    case "run":
      return run(header);
    case "reply":
      return void hostCalls.settle(frame);
    case "abort":
      return void abort?.({ status: header.status === "timeout" ? "timeout" : "cancelled", stopped: "waiting" });
    case "describe":
      return void describePart(header);
    case "table":
      return void table(header);
    case "assign":
      return assign(frame);
    case "restore":
      return void restore(header);
    case "ping":
      return void send({ op: "pong", id: header.id });
  }
}

const QUICK_TURNS = 4; // most runs are over within so many turns of the event loop, and need nothing from the host
let coming: Promise<Frame | null> | undefined; // a frame that was asked for while a run went on, and has not come yet

/** Goes on with a run, hearing the host meanwhile, until it is over. */
async function follow(running: Promise<void>): Promise<void> {
  let over = false;
  const end = then(running, () => over = true, () => exit(1));
  for (let i = 0; i < QUICK_TURNS && !over; i++) await evaluator.turn();
  while (!over) {
    coming ??= receive();
    const heard = await new PromiseOf<Frame | null | boolean>((resolve) => {
      then(coming!, resolve);
      then(end, resolve);
    });
    if (heard === true) return;
    if (heard === null) exit(0); // the host is gone
    coming = undefined;
    answer(heard as Frame);
  }
}

/**
 * The second phase of the start, which begins with the host's first word: loads what Deno and V8 load on first use, so that no run pays
 * for it and the memory limit can be set on a settled process; then locks the room. In this order: the inspector's first use boots a part
 * of Node, which reads `Deno`. No user code runs before.
 */
async function warmUp(): Promise<void> {
  await evaluator.open(privates);
  Deno.permissions.revokeSync({ name: "sys", kind: "inspector" as any });
  new Intl.NumberFormat("en").format(1.5);
  new Date(0).toLocaleString();
  structuredClone({ a: [1] });
  new URL("https://example.com/");
  rememberPlatform(scope);
  installStackTraces(scope);
  timers.install(scope);
  installFinalizers(scope, uncaught);
  define(scope, "console", makeConsole(Console, output));
  watchAttributes(scope);
  if (walls !== false) lockDown(scope); // without walls only in tests of the layers around us
  keepExit(scope);
  pinPromises();
  define(scope, FILES, makeFiles(hostCalls));
  tellSources(scope, (f) => snapshots.source(f));
  snapshots = new Snapshots(variables, evaluator, new Platform(scope), room = new Memory(memory), privates);
  variables.begin();
  await evaluator.start("return [1, new Map([[1, 2]])]", "warm", 1_000);
  await snapshots.warm();
  tell(() => describe([new Map<unknown, unknown>([[1, { a: [1, "x"] }]]), thrown(new ErrorOf("warm"))]));
  await evaluator.turn();
}

const reason = getOwnPropertyDescriptor(PromiseRejectionEvent.prototype, "reason")!.get!;
const thrownError = getOwnPropertyDescriptor(ErrorEvent.prototype, "error")!.get!;
const prevent = Event.prototype.preventDefault;
function printing(error: (this: Event) => unknown): (event: Event) => void {
  return (event) => {
    apply(prevent, event, []);
    let thrown: unknown;
    try {
      thrown = apply(error, event, []);
    } catch {
      return; // an event of the session's own making
    }
    uncaught(thrown);
  };
}
addEventListener("unhandledrejection", printing(reason));
addEventListener("error", printing(thrownError));

send({ op: "ready" });
let frame = receiveBlocking(); // of workers started together none slows another by warming itself
await warmUp();
while (frame !== null) { // between runs nothing executes here: the wait for the next frame blocks, or the host stops the process
  const running = answer(frame);
  if (running !== undefined) await follow(running);
  frame = coming === undefined ? receiveBlocking() : await coming;
  coming = undefined;
}
