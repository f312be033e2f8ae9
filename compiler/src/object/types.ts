import type { Btf } from '../btf/index.ts';
import type { Place } from '../diag/index.ts';
import type { ConstantInstruction, Instruction } from '../isa/index.ts';

/** What a 64-bit constant means once relocations are applied. */
export type Reference =
  | { readonly kind: 'value'; readonly value: bigint }
  /** The address of a map (what helpers take). */
  | { readonly kind: 'map'; readonly map: number }
  /** The address of `offset` bytes into a data section. */
  | { readonly kind: 'data'; readonly section: number; readonly offset: number }
  /** The address of the value of element 0 of a map (BPF_PSEUDO_MAP_VALUE of a user map). */
  | { readonly kind: 'map_value'; readonly map: number; readonly offset: number }
  /** The address of a function, for callbacks. */
  | { readonly kind: 'function'; readonly function: number };

/**
 * An instruction of a `BpfFunction`. Targets are indices into the function's own `instructions`;
 * calls of code name the function; constants carry what they refer to. `slot` counts from the start
 * of the function.
 */
export type BpfInstruction =
  | Exclude<Instruction, ConstantInstruction | { readonly kind: 'call_local' }>
  | {
      readonly kind: 'reference';
      readonly slot: number;
      readonly destination: number;
      readonly reference: Reference;
    }
  | { readonly kind: 'call_function'; readonly slot: number; readonly function: number }
  /**
   * What a CO-RE relocation or a weak symbol that does not exist becomes: harmless where it cannot be
   * reached, an error with this reason where it can.
   */
  | { readonly kind: 'poison'; readonly slot: number; readonly reason: string };

/** One function of the object: a program's entry, a static or a global subprogram. */
export interface BpfFunction {
  readonly index: number;
  readonly name: string;
  /** ELF section and byte offset in it of the first instruction. */
  readonly section: string;
  readonly sectionOffset: number;
  readonly instructions: readonly BpfInstruction[];
  /** Hidden functions are static: loaders let the verifier see them in the context of their callers. */
  readonly linkage: 'static' | 'global';
  /** BTF type id of the FUNC, when func_info names one. */
  readonly btfFunction?: number;
  /** Index of a program whose entry this is, if any. */
  readonly program?: number;
}

/**
 * Families of programs by the layout of their context. `raw` is "memory and its length" in r1 and r2,
 * for embedded users and conformance cases.
 */
export type ProgramKind =
  | 'kprobe' // uprobe, uretprobe, kprobe, kretprobe, ksyscall, usdt: struct pt_regs
  | 'tracepoint' // the tracepoint's record
  | 'raw_tracepoint' // array of u64 arguments
  | 'perf_event'
  | 'xdp'
  | 'socket_filter'
  | 'tc' // struct __sk_buff, like socket_filter
  | 'raw'
  | 'other'; // known to libbpf, but not supported: refused by name

/** What SEC() says, split up; `section` is the text as written. */
export interface AttachTarget {
  readonly section: string;
  /** The libbpf type prefix: `uprobe`, `uretprobe`, `tracepoint`, `xdp`, ... */
  readonly type: string;
  /** The rest after the prefix, e.g. `/usr/lib/libc.so.6:malloc+4`; empty when none. */
  readonly target: string;
  /** `?` before the section name: not loaded by default. */
  readonly optional: boolean;
  readonly sleepable: boolean;
}

export interface BpfProgram {
  readonly index: number;
  readonly name: string;
  readonly kind: ProgramKind;
  readonly attach: AttachTarget;
  /** Index of the entry function. */
  readonly entry: number;
}

export interface BpfMap {
  readonly index: number;
  /** The C name. */
  readonly name: string;
  /** BPF_MAP_TYPE_* number, and its name in lower case without the prefix (`percpu_hash`). */
  readonly type: number;
  readonly typeName: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly extra: bigint;
  /** 0 none, 1 by name. */
  readonly pinning: number;
  readonly numaNode: number;
  readonly keyType?: number;
  readonly valueType?: number;
  /** Definition of the inner map of map-in-map types (its `index` is -1, its name `<outer>.inner`). */
  readonly inner?: BpfMap;
  /** Initial slots of map arrays and program arrays: key -> map index or function index. */
  readonly initial: readonly {
    readonly key: number;
    readonly map?: number;
    readonly function?: number;
  }[];
}

/** A variable of a data section. */
export interface DataVariable {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly type?: number;
  /** Declared volatile: user space may set it before the program starts, so it is no constant. */
  readonly volatile: boolean;
  readonly global: boolean;
}

/** .rodata, .data, .bss, .kconfig and custom-named ones: each is a map of one element for libbpf. */
export interface DataSection {
  readonly index: number;
  /** ELF section name; `.kconfig` for externs. */
  readonly name: string;
  readonly kind: 'rodata' | 'data' | 'bss' | 'kconfig';
  readonly size: number;
  readonly alignment: number;
  /** Initial contents, `size` bytes (zero for bss). */
  readonly bytes: Uint8Array;
  readonly variables: readonly DataVariable[];
}

/** A whole object: relocations applied, nothing symbolic left except maps, data and functions. */
export interface BpfObject {
  readonly file: string;
  /** SHA-256 of the input, hex. */
  readonly hash: string;
  /** Base name of the file without `.bpf.o`/`.o`, made a C identifier: prefix of exported symbols. */
  readonly name: string;
  readonly functions: readonly BpfFunction[];
  readonly programs: readonly BpfProgram[];
  readonly maps: readonly BpfMap[];
  readonly data: readonly DataSection[];
  readonly btf?: Btf;
  readonly license: string;
  /** The layout of struct pt_regs that the bytecode was compiled for, when BTF tells. */
  readonly ptRegs?: 'x86-64' | 'arm64' | 'riscv64';
  /** C source place of an instruction (line information), else section and offset with disassembly. */
  place(functionIndex: number, instructionIndex: number): Place;
}
