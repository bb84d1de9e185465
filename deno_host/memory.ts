// How much memory this process may still take. The kernel holds the limit, and V8, which does not know it, dies of it sooner than it
// collects its garbage: so who is about to take much asks here first.
import { now } from "./primordials.ts";

const { memoryUsage } = Deno, collect: (() => void) | undefined = (globalThis as any).gc;
const IDLE_MB = 58; // what a process has resident before it runs anything, about
const MB = 1_048_576, OFTEN_MS = 20, SOON = 0.5, MUCH_MB = 6;

export class Memory {
  #most: number;
  #before = 0;
  #collected = -OFTEN_MS;
  #left = 0; // of what was taken, when it was collected last
  #sure = 0; // and when it was collected twice

  /** `limitMB` is that of the whole process. Made in a process that is warm and idle. */
  constructor(limitMB: number) {
    this.#most = (limitMB - IDLE_MB) * MB;
    this.#before = this.#taken();
  }

  #taken(): number {
    const { heapTotal, external } = memoryUsage();
    return heapTotal + external - this.#before;
  }

  #collect(): void {
    collect?.();
    this.#collected = now();
    this.#left = this.#taken();
  }

  /** For a moment when nobody waits: collects what has become garbage, if that may be much. */
  tidy(): void {
    if (this.#taken() - this.#left > MUCH_MB * MB) this.#collect();
  }

  /** Whether `mb` more can be had; garbage is collected first where that may be needed, and in good time: V8 needs room to collect in. */
  has(mb: number): boolean {
    const enough = this.#most - mb * MB;
    if (this.#taken() <= enough - (1 - SOON) * this.#most) return true;
    if (now() - this.#collected > OFTEN_MS) this.#collect();
    if (this.#taken() > enough && this.#taken() - this.#sure > MB) {
      for (let i = 0; i < 2; i++) this.#collect(); // the buffers that one collection finds are counted until the next
      this.#sure = this.#left;
    }
    return this.#taken() <= enough;
  }
}
