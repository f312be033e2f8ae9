import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../base/index.ts';
import { Failure } from '../diag/index.ts';
import type { KernelAddon } from './kernel.ts';

/** What compiler/addon exports; every function throws an Error with LLVM's message. */
export interface Addon {
  readonly llvmVersion: string;
  readonly kernel: KernelAddon;
  /** `request` is JSON text, `bitcode` the bytes of each module it names. */
  compile(
    request: string,
    bitcode: readonly Uint8Array[],
  ): {
    readonly output: Uint8Array;
    readonly warnings: readonly string[];
    readonly times: Readonly<Record<string, number>>;
  };
  printModule(bitcode: Uint8Array): string;
  /** Every CPU and feature that LLVM knows for a triple. */
  names(triple: string): { readonly cpus: readonly string[]; readonly features: readonly string[] };
  /** What is wrong with a CPU and features, for an ABI unless that is empty; empty when nothing. */
  checkCpu(triple: string, cpu: string, features: string, abi: string): string;
  /** The CPU of this machine and the features it has and lacks, `+a,-b`. */
  host(): { readonly cpu: string; readonly features: string };
}

let loaded: Addon | undefined;

/** Loads the addon (about 8 ms); a Failure that names the remedy when it is not there or does not load. */
export function addon(): Addon {
  if (loaded === undefined) {
    const path = join(packageRoot(), 'compiler', 'addon', 'build', 'Release', 'bpftime.node');
    if (!existsSync(path)) throw unavailable(path, 'the code generator is not built');
    try {
      loaded = createRequire(import.meta.url)(path) as Addon;
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw unavailable(path, `the code generator does not load: ${reason}`);
    }
  }
  return loaded;
}

function unavailable(path: string, message: string): Failure {
  return new Failure(
    { code: 'BPF-C001', message, place: { file: path }, help: 'run `make build`' },
    'tool',
  );
}

/** Version of the LLVM that generates code. */
export function llvmVersion(): string {
  return addon().llvmVersion;
}
