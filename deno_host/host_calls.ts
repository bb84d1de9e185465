// Calls from the sandbox to the host: a promise for each, settled by the host's reply. Few are open at once, the others wait here, in the
// session's own memory. The end of a run forgets what is still open, so that nothing waits for an answer that will not come.
import {
  createObject,
  define,
  defineProperty,
  ErrorOf,
  mapClear,
  mapDelete,
  mapGet,
  mapSet,
  mapSize,
  NativeMap,
  parse,
  PromiseOf,
  RangeErrorOf,
  stringify,
} from "./primordials.ts";
import { type Frame, send } from "./frames.ts";

interface Call {
  name: string;
  data: unknown;
  blob?: Uint8Array;
  resolve: (reply: { data: unknown; blob: Uint8Array }) => void;
  reject: (error: unknown) => void;
  error: Error; // made at the call, so that it names the caller's place
}

/** The host ends a process that has more open, or sends more: mcp_codeexec/runtime/host_calls.py. */
const AT_ONCE = 8, DATA = 300_000;

export class HostCalls {
  #open = new NativeMap<number, Call>();
  #waiting = new NativeMap<number, Call>();
  #made = 0; // number of the last call
  #sent = 0; // number of the last call that was sent
  #last = 0; // number of the last call that this run may make

  /** Asks the host; rejects with an Error that carries the host's sentence. Data is sent as JSON has it. */
  call(name: string, data: unknown, blob?: Uint8Array): Promise<{ data: unknown; blob: Uint8Array }> {
    return new PromiseOf((resolve, reject) => {
      const text = stringify(data) ?? "null";
      if (text.length > DATA) throw new RangeErrorOf(`the data of a host call may have at most ${DATA} characters of JSON`);
      if (this.#made >= this.#last) throw new RangeErrorOf("this run has used up its host calls");
      mapSet(this.#waiting, ++this.#made, { name, data: parse(text), blob, resolve, reject, error: new ErrorOf("") });
      this.#flush();
    });
  }

  #flush(): void {
    while (mapSize(this.#open) < AT_ONCE && this.#sent < this.#made) {
      const id = ++this.#sent, call = mapGet(this.#waiting, id)!;
      mapDelete(this.#waiting, id);
      mapSet(this.#open, id, call);
      send({ op: "call", call: id, name: call.name, data: call.data }, call.blob);
    }
  }

  /** The host's reply to a call; one that nobody waits for any more is dropped. */
  settle({ header, blob }: Frame): void {
    const call = mapGet(this.#open, header.call);
    if (call === undefined) return;
    mapDelete(this.#open, header.call);
    if (header.ok === true) call.resolve({ __proto__: null, data: header.data, blob } as { data: unknown; blob: Uint8Array });
    else {
      define(call.error, "message", header.error);
      call.reject(call.error);
    }
    this.#flush();
  }

  /** Forgets every call: their promises stay pending and die with what waits for them. How many there were. */
  cancel(): number {
    const count = mapSize(this.#open) + mapSize(this.#waiting);
    mapClear(this.#open);
    mapClear(this.#waiting);
    this.#sent = this.#last = this.#made;
    return count;
  }

  /** Makes `scope.host.<name>(data)` for each name the host offers, nothing at all when it offers none, for `most` calls in all. */
  install(scope: object, names: string[], most: number): void {
    this.#last = this.#made + most;
    if (names.length === 0) return;
    const host = createObject(null);
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      defineProperty(host, name, {
        __proto__: null,
        value: async (data?: unknown) => (await this.call(name, data)).data,
        enumerable: true,
      } as PropertyDescriptor);
    }
    define(scope, "host", host);
  }
}
