// How much memory this process may still take. The kernel holds the limit, and V8, which does not know it, dies of it sooner than it
// collects its garbage: so who is about to take much asks here first.
import { now } from "./primordials.ts";

const { memoryUsage } = Deno, collect: (() => void) | undefined = (globalThis as any).gc;
const MB = 1_048_576, IDLE_MB = 61, OFTEN_MS = 20; // what a process has resident before it runs anything, about

export class Memory {
  #most: number;
  #before = 0;
  #collected = -OFTEN_MS;

  /** `limitMB` is that of the whole process. Made in a process that is warm and idle. */
  constructor(limitMB: number) {
    this.#most = (limitMB - IDLE_MB) * MB;
    this.#before = this.#taken();
  }

  #taken(): number {
    const { heapTotal, external } = memoryUsage();
    return heapTotal + external - this.#before;
  }

  /** Whether `mb` more can be had; garbage is collected first where that may be needed. */
  has(mb: number): boolean {
    const enough = this.#most - mb * MB;
    if (this.#taken() <= enough) return true;
    if (collect !== undefined && now() - this.#collected > OFTEN_MS) {
      collect();
      this.#collected = now();
    }
    return this.#taken() <= enough;
  }
}
