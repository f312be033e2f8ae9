/**
 * codegen: LLVM bitcode becomes optimised native code, in memory.
 * In: a lowered module and the runtime's bitcode for the target. Out: the bytes of an object file, or
 * of assembly, LLVM IR or bitcode.
 * Sole user of the addon (compiler/addon). Does not know what a BPF program is, and writes no files.
 */

export { llvmVersion } from './addon.ts';
export { checkCpu, hostCpu } from './cpu.ts';
export { generate } from './generate.ts';
export { type BpfKernel, bpfKernel, type KernelError } from './kernel.ts';
export type { GenerateOptions, NativeKind, StepTimes } from './types.ts';
