/** Blocks to look at, lowest index first, each once: a binary heap. */
export class BlockQueue {
  readonly #heap: number[] = [];
  readonly #queued: Uint8Array;

  constructor(blocks: number) {
    this.#queued = new Uint8Array(blocks);
  }

  get empty(): boolean {
    return this.#heap.length === 0;
  }

  add(block: number): void {
    if (this.#queued[block] === 1) return;
    this.#queued[block] = 1;
    const heap = this.#heap;
    let at = heap.length;
    heap.push(block);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= block) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = block;
  }

  take(): number | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    this.#queued[first] = 0;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
        if (heap[child]! >= last) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = last;
    }
    return first;
  }
}
