import { availableParallelism, cpus, release } from 'node:os';
import { llvmVersion } from '../../compiler/src/codegen/index.ts';

/** What the figures of a report depend on beside the code. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly kernel: string;
  readonly node: string;
  readonly llvm: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? process.arch,
    cpus: availableParallelism(),
    kernel: release(),
    node: process.versions.node,
    llvm: llvmVersion(),
  };
}

export function machineLine({ cpu, cpus: count, kernel, node, llvm }: Machine): string {
  return `${cpu}, ${count} CPUs, Linux ${kernel}, Node ${node}, LLVM ${llvm}.`;
}
