import { Fault } from './fault.ts';

/** What a program has to give back before it ends: reserved records, dynptrs of such, one lock. */
export class Held {
  readonly #strict: boolean;
  readonly #things = new Map<object, string>();
  #lock: bigint | undefined;

  /** `strict`: what is still held where it must not be is a fault. */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  acquire(thing: object, name: string): void {
    this.#things.set(thing, name);
  }

  release(thing: object): void {
    this.#things.delete(thing);
  }

  /** Takes the lock at `address`; a program holds one at a time. */
  lock(address: bigint): void {
    if (this.#lock !== undefined && this.#strict) {
      throw new Fault('lock', 'a second lock is taken while one is held');
    }
    this.#lock = address;
  }

  unlock(address: bigint): void {
    if (this.#lock !== address && this.#strict) {
      throw new Fault('lock', 'a lock is released that is not held');
    }
    this.#lock = undefined;
  }

  /** Faults when something is held; `where` says where that must not be. */
  checkNone(where: string): void {
    const [name] = this.#things.values();
    if (this.#strict && name !== undefined) {
      throw new Fault('reference_held', `${name} is not released ${where}`);
    }
    this.checkNoLock(where);
  }

  checkNoLock(where: string): void {
    if (this.#strict && this.#lock !== undefined) {
      throw new Fault('lock', `a lock is held ${where}`);
    }
  }

  /** What is held at this moment, to compare with a later one. */
  snapshot(): readonly object[] {
    return [...this.#things.keys()];
  }

  /** Faults unless just the same is held as at the snapshot. */
  checkSame(before: readonly object[], where: string): void {
    const same =
      before.length === this.#things.size && before.every((thing) => this.#things.has(thing));
    if (this.#strict && !same) {
      throw new Fault('reference_held', `what is held differs ${where}`);
    }
  }
}
