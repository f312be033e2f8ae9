/**
 * kernel: the running kernel's verifier as a second opinion.
 * In: a `BpfObject` and one of its programs. Out: what bpf(2) says of it: verdict, log, numbers.
 * Does what a loader does (types, maps, joining functions) and runs nothing; every descriptor is closed
 * again. Knows nothing of our own verifier.
 */
export { askKernel } from './ask.ts';
export { type KernelLogLine, readKernelLog } from './log.ts';
export type { KernelOptions, KernelVerdict, PlacedFunction } from './types.ts';
