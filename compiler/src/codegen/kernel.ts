import { addon } from './addon.ts';

/** What the addon offers of bpf(2); descriptors are the caller's to close. */
export interface KernelAddon {
  progLoad(options: {
    readonly type: number;
    readonly instructions: Uint8Array;
    readonly license: string;
    readonly expectedAttachType?: number;
    readonly flags?: number;
  }): number;
  progTestRun(options: {
    readonly fd: number;
    readonly dataIn?: Uint8Array;
    readonly dataOutSize?: number;
    readonly context?: Uint8Array;
    readonly contextOutSize?: number;
    readonly repeat?: number;
    readonly flags?: number;
  }): {
    readonly retval: number;
    /** Nanoseconds of one run, the average over all repeats. */
    readonly duration: number;
    readonly dataOut: Uint8Array;
    readonly contextOut: Uint8Array;
  };
  mapCreate(options: {
    readonly type: number;
    readonly keySize: number;
    readonly valueSize: number;
    readonly maxEntries: number;
    readonly flags?: number;
  }): number;
  mapLookup(fd: number, key: Uint8Array): Uint8Array | undefined;
  mapUpdate(fd: number, key: Uint8Array, value: Uint8Array, flags?: number): void;
}

export type BpfKernel = KernelAddon;

/** What a refused bpf(2) call throws: `code` is the errno's name, `log` the verifier's. */
export interface KernelError extends Error {
  readonly code: string;
  readonly log?: string;
}

/** The kernel's own verifier and JIT; every function throws a KernelError when the kernel refuses. */
export function bpfKernel(): BpfKernel {
  return addon().kernel;
}
