import * as errno from './errno.ts';
import { InterpMap } from './maps.ts';

/** Bloom filters, as exact sets: what a filter may answer wrongly is always answered right. */
export class BloomMap extends InterpMap {
  readonly #values = new Set<string>();

  push(value: Uint8Array, flags: bigint): bigint {
    if (flags !== 0n) return errno.EINVAL;
    this.#values.add(Buffer.from(value).toString('hex'));
    return 0n;
  }

  /** 0 when the value has been pushed. */
  test(value: Uint8Array): bigint {
    return this.#values.has(Buffer.from(value).toString('hex')) ? 0n : errno.ENOENT;
  }
}
