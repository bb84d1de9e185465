// The shapes of plain objects that were written: a table's rows tell the names of their columns once.
import { list } from "./primordials.ts";

const LAST = 8; // of them are compared: objects of a shape come one after the other

export class Shapes {
  #keys: string[][] = list();

  get length(): number {
    return this.#keys.length;
  }

  /** The number of a late shape with the first `n` of these keys, in this order; -1 where there is none. */
  find(keys: string[], n: number): number {
    for (let shape = this.#keys.length - 1, i = 0; shape >= 0 && i < LAST; shape--, i++) {
      if (sameKeys(this.#keys[shape]!, keys, n)) return shape;
    }
    return -1;
  }

  /** The next number is for the first `n` of these keys. */
  add(keys: string[], n: number): void {
    const shape: string[] = this.#keys[this.#keys.length] = list();
    for (let i = 0; i < n; i++) shape[i] = keys[i]!;
  }
}

function sameKeys(a: string[], b: string[], n: number): boolean {
  if (a.length !== n) return false;
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return false;
  return true;
}
