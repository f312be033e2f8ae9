import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateWith } from '../../src/codegen/generate.ts';
import type { GenerateOptions } from '../../src/codegen/index.ts';
import type { LinkagePlan, LoweredModule } from '../../src/lower/types.ts';
import { findTarget } from '../../src/target/index.ts';

const NOTHING: LinkagePlan = {
  aliases: [],
  vectorFunctions: [],
  attributes: [],
  hidden: [],
  globals: [],
};

/** LLVM 14 assembly as the module that `lower` would hand over: the oldest bitcode there is. */
export function lowered(text: string, plan: Partial<LinkagePlan> = {}): LoweredModule {
  return { bitcode: assemble(text), text, plan: { ...NOTHING, ...plan }, exports: [] };
}

export function assemble(text: string): Uint8Array {
  return Uint8Array.from(
    execFileSync('llvm-as-14', ['-o', '-', '-'], { input: text, maxBuffer: 1 << 28 }),
  );
}

/** Generates code without a runtime, or with one given as assembly. */
export function code(
  module: LoweredModule,
  options: Partial<Omit<GenerateOptions, 'target'>> & { target?: string } = {},
  runtime?: string,
): Uint8Array {
  return generateWith(
    module,
    {
      level: 2,
      emit: 'obj',
      inlineRuntime: runtime !== undefined,
      ...options,
      target: findTarget(options.target ?? 'x86-64'),
    },
    runtime === undefined ? undefined : assemble(runtime),
  );
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What an LLVM tool prints about an object. */
export function inspect(bytes: Uint8Array, tool: string, ...args: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-test-'));
  try {
    const file = join(directory, 'code.o');
    writeFileSync(file, bytes);
    for (const version of [19, 18, 17, 16, 15, 14]) {
      const run = spawnSync(`${tool}-${version}`, [...args, file], { encoding: 'utf8' });
      if (run.error === undefined) return run.stdout.replaceAll(directory, '');
    }
    throw new Error(`${tool} is not installed`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** ELF e_machine. */
export function machineOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(18, true);
}
