/**
 * object: what an object file means.
 * In: a checked ELF file with its BTF, or bare bytecode. Out: a `BpfObject`: programs with their
 * attach targets, functions, maps and data sections, every relocation applied.
 * Does not know whether code is safe, what helpers do, or any CPU but BPF.
 */
export { buildObject, type ObjectOptions } from './build.ts';
export { objectFromBytecode } from './bytecode.ts';
export { formatBpfInstruction } from './format.ts';
export { parseProgramSection } from './program-sections.ts';
export { selectPrograms } from './select.ts';
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
export { refuseUnsupportedPrograms } from './unsupported.ts';
