import type { ProgramKind } from '../object/index.ts';

/** How the kernel is asked. */
export interface KernelOptions {
  /** Index of the program in the object. */
  readonly program: number;
  /**
   * The verifier's log: 0 the reason of a rejection only (and the quickest), 1 (the default) the
   * rejected path as well, 2 every instruction with its state, of accepted programs too.
   */
  readonly logLevel?: 0 | 1 | 2;
  /** Most bytes of log, at most 256 MiB; 64 MiB when absent. */
  readonly logLimit?: number;
  /** Asks as if the program were of this kind, attached in no particular way. */
  readonly kind?: ProgramKind;
  /** Asks as if the object had this license. */
  readonly license?: string;
}

/** Where a function stands in the code that the kernel got; its log counts slots of that code. */
export interface PlacedFunction {
  /** Index of the function in the object. */
  readonly function: number;
  readonly firstSlot: number;
}

/** What the kernel says of a program. */
export interface KernelVerdict {
  /** `unavailable`: it was not asked, or could not answer; `reason` says why. */
  readonly verdict: 'accepted' | 'rejected' | 'unavailable';
  readonly reason?: string;
  /** Name of the errno of the call that failed. */
  readonly errno?: string;
  /** What was refused: the program itself, or a map or the types that it needs. */
  readonly refused?: 'program' | 'map' | 'types';
  /** The verifier's log; for a map or types what is wrong with them. */
  readonly log: string;
  /** The log was longer than the limit: its beginning is missing. */
  readonly truncated: boolean;
  /** Instructions walked. */
  readonly walked?: number;
  /** Time that the verifier took without writing a log. */
  readonly microseconds?: number;
  /** The functions that the program reaches, in the order of the code. */
  readonly functions: readonly PlacedFunction[];
}
