// The session's files, which the host keeps: `files.write(name, textOrBytes)`, `read`, `list`, `remove`, `exists`. Each is a host call, so
// the sandbox needs no permission for them.
import {
  bytesOf,
  createObject,
  define,
  encode,
  ErrorOf,
  strictDecode,
  stringify,
  toWellFormed,
  TypeErrorOf,
} from "./primordials.ts";
import { isBuffer, isTypedArray, typeName } from "./inspect.ts";
import type { HostCalls } from "./host_calls.ts";

export const FILES = "files";

function content(data: unknown): Uint8Array {
  if (typeof data === "string") return encode(toWellFormed(data));
  if (isTypedArray(data) || isBuffer(data)) return bytesOf(data as ArrayBufferView | ArrayBuffer);
  throw new TypeErrorOf(`files.write takes text or bytes, not ${typeName(data)}: JSON.stringify(value) makes text of it`);
}

export function makeFiles(calls: HostCalls): object {
  const files = createObject(null);
  const method = (name: string, f: (...given: any[]) => Promise<unknown>) => define(files, name, f, true);
  method("write", async (name: unknown, data: unknown) => void await calls.call("files.write", name, content(data)));
  method("read", async (name: unknown, as?: unknown) => {
    const blob = (await calls.call("files.read", name)).blob as Uint8Array<ArrayBuffer>;
    if (as === "bytes") return bytesOf(blob); // of its own: what came may share a buffer with its frame
    const text = strictDecode(blob);
    if (text === undefined) {
      throw new ErrorOf(`${stringify(name)} is not UTF-8 text; read it as bytes: await files.read(${stringify(name)}, "bytes")`);
    }
    return text;
  });
  method("list", async () => (await calls.call("files.list", null)).data);
  method("remove", async (name: unknown) => (await calls.call("files.remove", name)).data);
  method("exists", async (name: unknown) => (await calls.call("files.exists", name)).data);
  return files;
}
