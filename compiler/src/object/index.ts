/**
 * object: what an object file means.
 * In: a checked ELF file with its BTF, or bare bytecode. Out: a `BpfObject`: programs with their
 * attach targets, functions, maps and data sections, every relocation applied.
 * Does not know whether code is safe, what helpers do, or any CPU but BPF.
 */
export { objectFromBytecode } from './bytecode.ts';
export type {
  AttachTarget,
  BpfFunction,
  BpfInstruction,
  BpfMap,
  BpfObject,
  BpfProgram,
  DataSection,
  DataVariable,
  ProgramKind,
  Reference,
} from './types.ts';
