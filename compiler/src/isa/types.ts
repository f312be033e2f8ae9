/** BPF register number: 0 to 9 general, 10 the read-only frame pointer. */
export type Register = number;

/** Second operand: a register, or a 32-bit immediate already sign-extended. */
export type Operand =
  | { readonly kind: 'register'; readonly register: Register }
  | { readonly kind: 'immediate'; readonly value: number };

export type AluOperator =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'sdiv'
  | 'mod'
  | 'smod'
  | 'or'
  | 'and'
  | 'xor'
  | 'lsh'
  | 'rsh'
  | 'arsh'
  | 'mov';

export type BranchOperator =
  | 'eq'
  | 'ne'
  | 'set'
  | 'gt'
  | 'ge'
  | 'lt'
  | 'le'
  | 'sgt'
  | 'sge'
  | 'slt'
  | 'sle';

export type AtomicOperator =
  | 'add'
  | 'or'
  | 'and'
  | 'xor'
  | 'xchg'
  | 'cmpxchg'
  | 'load_acquire'
  | 'store_release';

export type AccessSize = 1 | 2 | 4 | 8;
export type Width = 32 | 64;

interface Common {
  /** Position counted in 8-byte slots from the start of the code that was decoded (the kernel's "insn N"). */
  readonly slot: number;
}

/** 64-bit immediates carry the raw pseudo source; the room `object` gives them their meaning. */
export interface ConstantInstruction extends Common {
  readonly kind: 'constant';
  readonly destination: Register;
  /** BPF_PSEUDO_* (0 plain value, 1 MAP_FD, 2 MAP_VALUE, 3 BTF_ID, 4 FUNC, 5 MAP_IDX, 6 MAP_IDX_VALUE). */
  readonly pseudo: number;
  /** Immediate of the first and of the second slot, signed 32-bit. */
  readonly low: number;
  readonly high: number;
}

/**
 * One decoded instruction. All `target`s are indices into the decoded array (not slots), so nothing
 * downstream needs to know that a 64-bit constant takes two slots.
 */
export type Instruction =
  | (Common & {
      readonly kind: 'alu';
      readonly operator: AluOperator;
      readonly width: Width;
      readonly destination: Register;
      readonly source: Operand;
    })
  | (Common & { readonly kind: 'negate'; readonly width: Width; readonly destination: Register })
  /** Move with sign extension from `bits`. */
  | (Common & {
      readonly kind: 'move_sign_extend';
      readonly width: Width;
      readonly bits: 8 | 16 | 32;
      readonly destination: Register;
      readonly source: Register;
    })
  /** `addr_space_cast`: accepted by the decoder so that it can be refused by name. */
  | (Common & {
      readonly kind: 'address_space_cast';
      readonly destination: Register;
      readonly source: Register;
      readonly immediate: number;
    })
  /** le/be/bswap; `le` on a little-endian target truncates only. */
  | (Common & {
      readonly kind: 'swap';
      readonly to: 'le' | 'be' | 'swap';
      readonly bits: 16 | 32 | 64;
      readonly destination: Register;
    })
  | ConstantInstruction
  | (Common & {
      readonly kind: 'load';
      readonly size: AccessSize;
      readonly signed: boolean;
      readonly destination: Register;
      readonly base: Register;
      readonly offset: number;
    })
  | (Common & {
      readonly kind: 'store';
      readonly size: AccessSize;
      readonly base: Register;
      readonly offset: number;
      readonly source: Operand;
    })
  /**
   * `source` is the value register (for load_acquire the destination). With `fetch` the old value goes to
   * `source`, for cmpxchg to r0 (xchg and cmpxchg always have fetch). Sizes 1 and 2 only for
   * load_acquire/store_release, for which `fetch` is false.
   */
  | (Common & {
      readonly kind: 'atomic';
      readonly operator: AtomicOperator;
      readonly size: AccessSize;
      readonly fetch: boolean;
      readonly base: Register;
      readonly offset: number;
      readonly source: Register;
    })
  /** LD_ABS/LD_IND: loads from the packet of the context in r6 into r0, big-endian; leaves the program with 0 when out of range. */
  | (Common & {
      readonly kind: 'legacy_load';
      readonly size: 1 | 2 | 4;
      readonly index?: Register;
      readonly immediate: number;
    })
  /** `long`: written as gotol, with a 32-bit offset. */
  | (Common & { readonly kind: 'jump'; readonly target: number; readonly long?: true })
  | (Common & {
      readonly kind: 'branch';
      readonly operator: BranchOperator;
      readonly width: Width;
      readonly left: Register;
      readonly right: Operand;
      readonly target: number;
    })
  | (Common & { readonly kind: 'may_goto'; readonly target: number })
  | (Common & { readonly kind: 'call_helper'; readonly helper: number })
  /**
   * Call of code in the same array: `target` is an instruction index. `object` replaces this by
   * `call_function` once it knows which function starts there.
   */
  | (Common & { readonly kind: 'call_local'; readonly target: number })
  | (Common & { readonly kind: 'call_kernel'; readonly btfId: number; readonly btfFd: number })
  /**
   * callx. `inImmediate`: the register's number stands in the immediate, as clang before 19 writes it.
   * The register holds a function's address; embedded users also put a helper's number there.
   */
  | (Common & {
      readonly kind: 'call_register';
      readonly register: Register;
      readonly inImmediate?: true;
    })
  | (Common & { readonly kind: 'exit' });

export type InstructionKind = Instruction['kind'];

/** What decoding a run of code gives. */
export interface DecodedCode {
  readonly instructions: readonly Instruction[];
  /** Instruction index of each slot; -1 for the second slot of a 64-bit constant. */
  readonly indexOfSlot: Int32Array;
}
