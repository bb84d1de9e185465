// The wire: frames on stdin and stdout. A frame is
//   u32 big-endian   bytes that follow
//   u32 big-endian   bytes of the header
//   header           JSON, UTF-8
//   blob             the rest, any bytes
// The other side is mcp_codeexec/runtime/frames.py; tests hold both to the same examples.
import {
  Bytes,
  decode,
  encode,
  getUint32,
  parse,
  setUint32,
  stringify,
  View,
  viewByteLength,
  viewSet,
  viewSubarray,
} from "./primordials.ts";

export interface Frame {
  header: any;
  blob: Uint8Array<ArrayBuffer>;
}

const output = Deno.stdout, input = Deno.stdin;
const writeSync = output.writeSync.bind(output), read = input.read.bind(input), readSync = input.readSync.bind(input);
const EMPTY = new Bytes(0);

/** Writes one frame now; returns when the pipe has taken it. */
export function send(header: object, blob: Uint8Array = EMPTY): void {
  const head = encode(stringify(header)), headBytes = viewByteLength(head), blobBytes = viewByteLength(blob);
  const frame = new Bytes(8 + headBytes + blobBytes), view = new View(frame.buffer);
  setUint32(view, 0, 4 + headBytes + blobBytes);
  setUint32(view, 4, headBytes);
  viewSet(frame, head, 8);
  viewSet(frame, blob, 8 + headBytes);
  let rest = frame;
  while (viewByteLength(rest) > 0) rest = viewSubarray(rest, writeSync(rest));
}

let kept: Uint8Array<ArrayBuffer> = EMPTY; // bytes read beyond the last frame
const chunk = new Bytes(65_536);

function keep(bytes: number): void {
  const have = viewByteLength(kept), joined = new Bytes(have + bytes);
  viewSet(joined, kept);
  viewSet(joined, viewSubarray(chunk, 0, bytes), have);
  kept = joined;
}

/** How many more bytes the next frame needs; 0 when it is all here. */
function missing(): number {
  const have = viewByteLength(kept);
  if (have < 8) return 8 - have;
  const length = getUint32(new View(kept.buffer, kept.byteOffset, 8), 0);
  return length + 4 > have ? length + 4 - have : 0;
}

function take(): Frame {
  const view = new View(kept.buffer, kept.byteOffset, 8), length = getUint32(view, 0), headBytes = getUint32(view, 4);
  const header = parse(decode(viewSubarray(kept, 8, 8 + headBytes))), blob = new Bytes(length - 4 - headBytes);
  viewSet(blob, viewSubarray(kept, 8 + headBytes, 4 + length));
  kept = viewSubarray(kept, 4 + length);
  return { header, blob };
}

/** The next frame from the host; null when it has closed the pipe. The event loop goes on meanwhile. */
export async function receive(): Promise<Frame | null> {
  while (missing() > 0) {
    const n = await read(chunk);
    if (n === null) return null;
    keep(n);
  }
  return take();
}

/** The same, with everything in this process standing still until it comes. */
export function receiveBlocking(): Frame | null {
  while (missing() > 0) {
    const n = readSync(chunk);
    if (n === null) return null;
    keep(n);
  }
  return take();
}
