/**
 * isa: the BPF instruction set, versions 1 to 4.
 * In: code bytes, or instructions. Out: instructions, code bytes, or text in llvm-objdump's notation.
 * Knows nothing of ELF, relocations, maps or functions: what a 64-bit constant or a call refers to is
 * for the room `object`.
 */
export * from './constants.ts';
export { decode } from './decode.ts';
export { encode } from './encode.ts';
export type { CodePlace } from './fields.ts';
export { aluSymbols, branchSymbols, formatInstruction, updateSymbols } from './format.ts';
export type {
  AccessSize,
  AluOperator,
  AtomicOperator,
  BranchOperator,
  ConstantInstruction,
  DecodedCode,
  Instruction,
  InstructionKind,
  Operand,
  Register,
  Width,
} from './types.ts';
