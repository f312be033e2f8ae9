import type { FaultCode } from './fault.ts';

/** Values that a run would otherwise take from the machine it runs on, so that runs are repeatable. */
export interface Environment {
  /** Nanoseconds: what every clock helper returns. */
  readonly time: () => bigint;
  /** 32 random bits. */
  readonly random: () => number;
  readonly cpu: number;
  /** Process id in the upper, thread id in the lower half. */
  readonly pidTgid: bigint;
  readonly uidGid: bigint;
  /** What the user gave the attached program. */
  readonly cookie: bigint;
  /** At most 15 bytes of it count. */
  readonly comm: string;
}

/** Settings of an interpreter, kept over all its runs. */
export interface InterpreterOptions {
  /**
   * Whatever a verifier must prevent is a fault, also where it does no harm here: accesses that are not
   * aligned, arguments of helpers that are not what they should be, records still held at the end,
   * callbacks that return something else than 0 or 1. Includes `strictStack`. Contexts end where what
   * was given ends, and stack frames are not used again.
   */
  readonly strict?: boolean;
  /** Reading a byte of the stack that was never written is a fault; else it reads as 0. */
  readonly strictStack?: boolean;
  /** What is left out: time and random numbers that count up from fixed starts, CPU 0, ids 1. */
  readonly environment?: Partial<Environment>;
  /** Times that may_goto goes on in one call of a function, 8 Mi by default. */
  readonly mayGotoLimit?: number;
}

/** Told before each instruction what the registers of the running function hold; `depth` counts its callers. */
export type Observer = (
  functionIndex: number,
  instruction: number,
  depth: number,
  registers: readonly (bigint | undefined)[],
) => void;

/** What one run starts from. */
export interface RunOptions {
  /** Name or index; the first program by default. */
  readonly program?: string | number;
  /** `raw`: r1 points to it and r2 is its length. Packet programs: the packet. Others: the context. */
  readonly memory?: Uint8Array;
  /** Packet programs: what lies in front of the packet, from data_meta to data. */
  readonly metadata?: Uint8Array;
  /**
   * Packet programs: the bytes of struct xdp_md or __sk_buff, of which the packet's addresses (and,
   * unless given, its length) are filled in. Others but `raw`: the context, before `memory`.
   */
  readonly context?: Uint8Array;
  /** Instructions after which the run ends with a fault, ten million by default. */
  readonly budget?: number;
  readonly observe?: Observer;
}

/** Why a run ended before its time, and at which instruction of which function. */
export interface InterpFault {
  readonly code: FaultCode;
  readonly message: string;
  readonly function: string;
  readonly functionIndex: number;
  readonly instruction: number;
}

/** What a run gives. */
export interface InterpResult {
  /** Undefined when the run ended with a fault. */
  readonly r0: bigint | undefined;
  readonly fault?: InterpFault;
  /** The memory, packet or context as the program left it; as long as it was given. */
  readonly memory: Uint8Array;
  /** Texts of bpf_trace_printk, one a call. */
  readonly trace: readonly string[];
  /** Number of instructions executed. */
  readonly executed: number;
}
