// The bytes of a snapshot, written and read in pieces: neither side ever holds more of one than a piece.
//   count   unsigned, 7 bits a byte, the lowest first
//   text    count of UTF-16 units, then parts of at most PART units: count of bytes, UTF-8; or the units themselves, where they are not
//           well-formed
import {
  apply,
  Bytes,
  charCodeAt,
  decodeExact,
  encodeInto,
  ErrorOf,
  fromCharCode,
  getFloat64,
  isWellFormed,
  list,
  setFloat64,
  slice,
  viewByteLength,
  viewOn,
  viewPart,
  viewSet,
} from "./primordials.ts";

const PIECE = 65_536, PART = 8_192, SHORT = 64, LONGEST_COUNT = 10, LENGTH = 3;
const WELL_FORMED = 0, UNITS = 1;

/** Bytes that are no snapshot, or end too early. */
export const DAMAGED = "the snapshot is damaged";

export class PieceWriter {
  #buffer = new Bytes(PIECE);
  #view = viewOn(this.#buffer);
  #at = 0;
  #sent = 0;
  #send: (piece: Uint8Array) => void;

  /** `send` must have taken a piece when it returns. */
  constructor(send: (piece: Uint8Array) => void) {
    this.#send = send;
  }

  /** Bytes written since the last `end`. */
  get size(): number {
    return this.#sent + this.#at;
  }

  byte(b: number): void {
    this.#room(1);
    this.#buffer[this.#at++] = b;
  }

  count(n: number): void {
    this.#room(LONGEST_COUNT);
    for (; n >= 128; n = (n - n % 128) / 128) this.#buffer[this.#at++] = 128 + n % 128;
    this.#buffer[this.#at++] = n;
  }

  float(x: number): void {
    this.#room(8);
    setFloat64(this.#view, this.#at, x);
    this.#at += 8;
  }

  bytes(from: Uint8Array): void {
    for (let at = 0, n = viewByteLength(from); at < n;) {
      this.#room(1);
      const part = n - at < PIECE - this.#at ? n - at : PIECE - this.#at;
      viewSet(this.#buffer, viewPart(from, at, at + part), this.#at);
      this.#at += part;
      at += part;
    }
  }

  text(s: string): void {
    const n = s.length;
    this.count(n);
    if (n === 0) return;
    if (n <= SHORT && this.#ascii(s, n)) return;
    const form = isWellFormed(s) ? WELL_FORMED : UNITS;
    this.byte(form);
    if (form === UNITS) {
      for (let i = 0; i < n; i++) {
        const unit = charCodeAt(s, i);
        this.byte(unit & 255);
        this.byte(unit >> 8);
      }
      return;
    }
    for (let at = 0; at < n;) {
      let end = at + PART < n ? at + PART : n;
      const last = charCodeAt(s, end - 1);
      if (end < n && last >= 0xd800 && last < 0xdc00) end--;
      this.#part(slice(s, at, end), end - at);
      at = end;
    }
  }

  /** Encoded where it will stand: a copy of each part would be garbage that V8, which does not count it, is slow to collect. */
  #part(s: string, units: number): void {
    this.#room(LENGTH + 3 * units);
    const n = encodeInto(s, viewPart(this.#buffer, this.#at + LENGTH, this.#at + LENGTH + 3 * units));
    this.#buffer[this.#at++] = 128 + n % 128; // a count of three bytes, whatever it is
    this.#buffer[this.#at++] = 128 + (n >> 7) % 128;
    this.#buffer[this.#at++] = n >> 14;
    this.#at += n;
  }

  /** A short text as one part, if it is ASCII; else nothing is written. */
  #ascii(s: string, n: number): boolean {
    this.#room(n + 2);
    const start = this.#at;
    let at = start + 2;
    for (let i = 0; i < n; i++) {
      const unit = charCodeAt(s, i);
      if (unit >= 128) return false;
      this.#buffer[at++] = unit;
    }
    this.#buffer[start] = WELL_FORMED;
    this.#buffer[start + 1] = n;
    this.#at = at;
    return true;
  }

  /** What has not been sent yet; the next byte is the first of another stream. */
  end(): Uint8Array {
    const rest = viewPart(this.#buffer, 0, this.#at);
    this.#at = this.#sent = 0;
    return rest;
  }

  #room(n: number): void {
    if (this.#at + n <= PIECE) return;
    this.#send(viewPart(this.#buffer, 0, this.#at));
    this.#sent += this.#at;
    this.#at = 0;
  }
}

export class PieceReader {
  #buffer: Uint8Array<ArrayBuffer> = new Bytes(0);
  #view = viewOn(this.#buffer);
  #at = 0;
  #next: () => Uint8Array<ArrayBuffer> | undefined;

  /** `next` gives piece after piece. Every method throws an Error, DAMAGED, where there is too little. */
  constructor(next: () => Uint8Array<ArrayBuffer> | undefined) {
    this.#next = next;
  }

  byte(): number {
    this.#need(1);
    return this.#buffer[this.#at++]!;
  }

  count(): number {
    let n = 0;
    for (let scale = 1, i = 0; i < LONGEST_COUNT; i++, scale *= 128) {
      const b = this.byte();
      if (b < 128) return n + b * scale;
      n += (b - 128) * scale;
    }
    throw new ErrorOf(DAMAGED);
  }

  float(): number {
    this.#need(8);
    const x = getFloat64(this.#view, this.#at);
    this.#at += 8;
    return x;
  }

  bytes(n: number): Uint8Array<ArrayBuffer> {
    const to = new Bytes(n);
    for (let at = 0; at < n;) {
      this.#need(1);
      const here = viewByteLength(this.#buffer) - this.#at, part = n - at < here ? n - at : here;
      viewSet(to, viewPart(this.#buffer, this.#at, this.#at + part), at);
      this.#at += part;
      at += part;
    }
    return to;
  }

  text(): string {
    const n = this.count();
    let s = "";
    if (n === 0) return s;
    const form = this.byte();
    while (s.length < n) s += form === UNITS ? this.#units(n - s.length < PART ? n - s.length : PART) : this.#part();
    if (s.length !== n) throw new ErrorOf(DAMAGED);
    return s;
  }

  #part(): string {
    const n = this.count();
    if (n === 0 || n > 3 * PART) throw new ErrorOf(DAMAGED);
    this.#need(n);
    this.#at += n;
    return decodeExact(viewPart(this.#buffer, this.#at - n, this.#at));
  }

  /** Made at once: a text that grows by single characters takes twenty times its room, for as long as it lives. */
  #units(n: number): string {
    const units = list<number>();
    for (let i = 0; i < n; i++) {
      const low = this.byte();
      units[i] = low + 256 * this.byte();
    }
    return apply(fromCharCode, undefined, units);
  }

  /** Has `n` bytes, less than a piece, at hand. */
  #need(n: number): void {
    for (let here = viewByteLength(this.#buffer) - this.#at; here < n; here = viewByteLength(this.#buffer) - this.#at) {
      const piece = this.#next();
      if (piece === undefined) throw new ErrorOf(DAMAGED);
      let joined = piece;
      if (here > 0) {
        joined = new Bytes(here + viewByteLength(piece));
        viewSet(joined, viewPart(this.#buffer, this.#at));
        viewSet(joined, piece, here);
      }
      this.#buffer = joined;
      this.#view = viewOn(joined);
      this.#at = 0;
    }
  }
}
