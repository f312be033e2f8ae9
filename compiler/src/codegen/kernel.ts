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
  /** Asks the verifier and lets go of the program at once; a refusal is an answer, not an error. */
  progVerify(options: {
    readonly type: number;
    readonly instructions: Uint8Array;
    readonly license: string;
    readonly expectedAttachType?: number;
    readonly flags?: number;
    /** BPF_LOG_LEVEL1, BPF_LOG_LEVEL2 and BPF_LOG_STATS, joined; not 0. */
    readonly logLevel: number;
    /** Most bytes of log. */
    readonly logLimit?: number;
    readonly btf?: number;
    /** Records of struct bpf_func_info and of struct bpf_line_info. */
    readonly functionInfo?: Uint8Array;
    readonly lineInfo?: Uint8Array;
  }): {
    /** Name of the errno; empty when the program is accepted. */
    readonly errno: string;
    readonly log: string;
    /** The log did not fit; then the errno is ENOSPC whatever the verdict is. */
    readonly truncated: boolean;
  };
  /** Gives the kernel the bytes of a .BTF section; returns a descriptor. */
  btfLoad(types: Uint8Array): number;
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
    /** For the verifier's log: letters, digits, `_` and `.`; the first 15 count. */
    readonly name?: string;
    readonly extra?: number;
    readonly numaNode?: number;
    /** Descriptor of a map like the inner ones, for maps of maps. */
    readonly innerMap?: number;
    /** Descriptor of the BTF that the type ids are of. */
    readonly btf?: number;
    readonly keyType?: number;
    readonly valueType?: number;
  }): number;
  /** From here on user space cannot write the map. */
  mapFreeze(fd: number): void;
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
