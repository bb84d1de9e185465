// Calls from the sandbox to the host: a promise for each, settled by the host's reply. The end of a run settles what is still open, so
// that nothing waits for an answer that will not come.
import {
  createObject,
  defineProperty,
  ErrorOf,
  mapClear,
  mapDelete,
  mapGet,
  mapSet,
  mapSize,
  NativeMap,
  PromiseOf,
} from "./primordials.ts";
import { type Frame, send } from "./frames.ts";

interface Open {
  resolve: (reply: { data: unknown; blob: Uint8Array }) => void;
  reject: (error: unknown) => void;
}

export class HostCalls {
  #open = new NativeMap<number, Open>();
  #serial = 0;

  /** Asks the host; rejects with an Error that carries the host's sentence. */
  call(name: string, data: unknown, blob?: Uint8Array): Promise<{ data: unknown; blob: Uint8Array }> {
    const id = ++this.#serial;
    return new PromiseOf((resolve, reject) => {
      mapSet(this.#open, id, { resolve, reject });
      send({ op: "call", call: id, name, data: data ?? null }, blob);
    });
  }

  /** The host's reply to a call; one that nobody waits for any more is dropped. */
  settle({ header, blob }: Frame): void {
    const open = mapGet(this.#open, header.call);
    if (open === undefined) return;
    mapDelete(this.#open, header.call);
    if (header.ok === true) open.resolve({ data: header.data, blob });
    else open.reject(new ErrorOf(header.error));
  }

  /** Forgets every open call: their promises stay pending and die with what waits for them. */
  cancel(): number {
    const count = mapSize(this.#open);
    mapClear(this.#open);
    return count;
  }

  /** Makes `scope.host.<name>(data)` for each name the host offers; nothing at all when it offers none. */
  install(scope: object, names: string[]): void {
    if (names.length === 0) return;
    const host = createObject(null);
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const value = async (data?: unknown) => (await this.call(name, data)).data;
      defineProperty(host, name, { value, enumerable: true });
    }
    defineProperty(scope, "host", { value: host, configurable: true });
  }
}
