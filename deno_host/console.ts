// The session's console: Deno's own Console over a sink of ours, in order, with levels, bounded. What a run prints goes to the host at
// once until it has printed a fair amount, so that a run that is killed has still said what it said; after that in larger pieces; after
// `head` bytes only the last `tail` bytes are kept, to go out with the result.
import { charCodeAt, max, now, slice, withoutHalves } from "./primordials.ts";

const CLEAR = "\x1b[1;1H", CLEAR_DOWN = "\x1b[0J"; // what console.clear prints: nothing to clear here
const PREFIX = ["", "", "[warn] ", "[error] "]; // by Deno's level: debug, log, warn, error
const THROUGH = 65_536, PIECE = 8_192, PAUSE_MS = 50;

/** `at`, or one less where a character of two units would be cut in half. */
function between(text: string, at: number): number {
  const before = at > 0 && at < text.length ? charCodeAt(text, at - 1) : 0;
  return before >= 0xd800 && before < 0xdc00 ? at - 1 : at;
}

export class Output {
  #send: (text: string) => void;
  #head: number;
  #room = 0; // of the head, in this run
  #tail: number;
  #sent = 0;
  #pending = "";
  #last = "";
  #lastStart = 0; // characters dropped from the front of #last
  #flushed = 0;
  open = false;
  late = 0;

  /** `head` and `tail` in UTF-16 units, about bytes. */
  constructor(send: (text: string) => void, head: number, tail: number) {
    this.#send = send;
    this.#head = head;
    this.#tail = tail;
  }

  begin(): void {
    this.#sent = this.#lastStart = this.late = 0;
    this.#pending = this.#last = "";
    this.#room = this.#head;
    this.open = true;
  }

  print(message: string, level: number): void {
    if (message === CLEAR || message === CLEAR_DOWN) return;
    this.write((PREFIX[level] ?? "") + withoutHalves(message));
  }

  write(text: string): void {
    if (!this.open) {
      this.late += text.length;
      return;
    }
    const room = this.#room;
    if (room > 0) {
      const cut = text.length > room ? between(text, room) : text.length;
      this.#pending += slice(text, 0, cut);
      this.#room = text.length > room ? 0 : room - cut;
      const at = now();
      if (this.#sent < THROUGH || this.#pending.length >= PIECE || at - this.#flushed > PAUSE_MS) this.flush(at);
      if (text.length <= room) return;
      text = slice(text, cut);
    }
    this.#last += text;
    if (this.#last.length > 2 * this.#tail) this.#trim();
  }

  flush(at: number = now()): void {
    this.#flushed = at;
    while (this.#pending.length > 0) {
      const piece = slice(this.#pending, 0, between(this.#pending, 262_144));
      this.#pending = slice(this.#pending, piece.length);
      this.#sent += piece.length;
      this.#send(piece);
    }
  }

  #trim(): void {
    const drop = between(this.#last, max(0, this.#last.length - this.#tail));
    this.#last = slice(this.#last, drop);
    this.#lastStart += drop;
  }

  /** Ends the run's output: the kept tail, and how much fell out between head and tail. */
  end(): { tail: string; omitted: number } {
    this.flush();
    this.#trim();
    this.open = false;
    return { tail: this.#last, omitted: this.#lastStart };
  }
}

export function makeConsole(Console: new (print: (message: string, level: number) => void) => object, output: Output): object {
  return new Console((message, level) => output.print(message, level));
}
