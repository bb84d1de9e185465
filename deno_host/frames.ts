// The wire: frames on stdin and stdout. A frame is
//   u32 big-endian   bytes that follow
//   u32 big-endian   bytes of the header
//   header           JSON, UTF-8
//   blob             the rest, any bytes
// The other side is mcp_codeexec/runtime/frames.py; tests hold both to the same examples.
import {
  Bytes,
  decode,
  define,
  encode,
  getUint32,
  ownKeys,
  parse,
  setPrototypeOf,
  setUint32,
  stringify,
  toWellFormed,
  viewByteLength,
  viewOn,
  viewPart,
  viewSet,
} from "./primordials.ts";

export interface Frame {
  header: any;
  blob: Uint8Array<ArrayBuffer>;
}

const output = Deno.stdout, input = Deno.stdin;
const writeSync = output.writeSync.bind(output), read = input.read.bind(input), readSync = input.readSync.bind(input);
const PREFIX = 8, ROOM = 65_536, TOGETHER = 4_096, NO_RESOURCE = 0xffff_ffff;

/**
 * Gives Deno's native read a `call` of its own. Deno starts asynchronous operations by `operation.call(…)`, and would ask a session that
 * has replaced `Function.prototype.call` to read our frames.
 */
async function pinRead(): Promise<void> {
  const { core } = (Deno as any)[(Deno as any).internal], { call } = Function.prototype;
  Function.prototype.call = function (this: any, ...args: unknown[]) {
    define(this, "call", call);
    return this.call(...args);
  };
  const failing = core.read(NO_RESOURCE, new Bytes(1));
  Function.prototype.call = call;
  try {
    await failing;
  } catch { /* there is nothing to read: it was only to be started */ }
}
await pinRead();

/** Makes a header safe to send: no `toJSON` that user code planted is asked, no lone surrogate is left, which UTF-8 cannot carry. */
function sendable(v: any): any {
  if (typeof v === "string") return toWellFormed(v);
  if (typeof v !== "object" || v === null) return v;
  setPrototypeOf(v, null);
  const keys = ownKeys(v);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string, name = toWellFormed(key), part = v[key];
    if (name !== key) delete v[key];
    if (name !== key || typeof part === "string" || typeof part === "object") v[name] = sendable(part);
  }
  return v;
}

/** Writes one frame now; returns when the pipe has taken it. The header is the sender's own, and of no use to it afterwards. */
export function send(header: object, blob: Uint8Array = new Bytes(0)): void {
  const head = encode(stringify(sendable(header))), headBytes = viewByteLength(head), blobBytes = viewByteLength(blob);
  const together = blobBytes <= TOGETHER, frame = new Bytes(PREFIX + headBytes + (together ? blobBytes : 0)), view = viewOn(frame);
  setUint32(view, 0, 4 + headBytes + blobBytes);
  setUint32(view, 4, headBytes);
  viewSet(frame, head, PREFIX);
  if (together) viewSet(frame, blob, PREFIX + headBytes);
  write(frame);
  if (!together) write(blob as Uint8Array<ArrayBuffer>); // a copy of it would be garbage, or more than there is room for
}

function write(bytes: Uint8Array<ArrayBuffer>): void {
  for (let rest = bytes; viewByteLength(rest) > 0;) rest = viewPart(rest, writeSync(rest));
}

let buffer = new Bytes(ROOM), have = 0; // what was read and not yet taken: the first `have` bytes

/** Whether the next frame is all here; if not, there is room to read more of it. */
function complete(): boolean {
  const size = have < PREFIX ? PREFIX : 4 + getUint32(viewOn(buffer), 0);
  if (have >= size) return true;
  if (size > viewByteLength(buffer)) move(size);
  return false;
}

/** Puts the bytes that are here, from `from`, first in a buffer of `size` bytes. */
function move(size: number, from = 0): void {
  const kept = viewPart(buffer, from, have);
  if (size !== viewByteLength(buffer)) buffer = new Bytes(size);
  viewSet(buffer, kept);
  have -= from;
}

function take(): Frame {
  const view = viewOn(buffer), end = 4 + getUint32(view, 0), head = PREFIX + getUint32(view, 4);
  const header = parse(decode(viewPart(buffer, PREFIX, head))), alone = end - head > ROOM && have === end;
  let blob = viewPart(buffer, head, end); // a large one is not copied: it keeps the buffer, and the next frame gets another
  if (alone) {
    buffer = new Bytes(ROOM);
    have = 0;
  } else {
    const copy = new Bytes(end - head);
    viewSet(copy, blob);
    blob = copy;
    move(have - end > ROOM ? have - end : ROOM, end);
  }
  return { __proto__: null, header, blob } as Frame; // a promise is resolved with it: no `then` may be found
}

/** Where to read on. Deno asks its length, by a getter that a session may have replaced to see what comes. */
function room(): Uint8Array<ArrayBuffer> {
  const view = viewPart(buffer, have), length = viewByteLength(view);
  define(view, "length", length);
  define(view, "byteLength", length);
  return view;
}

/** The next frame from the host; null when it has closed the pipe. The event loop goes on meanwhile. */
export async function receive(): Promise<Frame | null> {
  while (!complete()) {
    const n = await read(room());
    if (n === null) return null;
    have += n;
  }
  return take();
}

/** The same, with everything in this process standing still until it comes. */
export function receiveBlocking(): Frame | null {
  while (!complete()) {
    const n = readSync(room());
    if (n === null) return null;
    have += n;
  }
  return take();
}
