/** What the tests of emitted forms share: fixtures, the compiler as a function, and outside tools. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/index.ts';
import type { NativeKind } from '../../src/codegen/index.ts';
import { CollectingSink } from '../../src/diag/index.ts';
import { type CodeOptions, compile, load } from '../../src/driver/index.ts';
import type { BpfObject } from '../../src/object/index.ts';
import { hostTarget, type Target } from '../../src/target/index.ts';
import { ptRegsOf } from '../support/pt-regs.ts';

export const OBJECTS = join(packageRoot(), 'fixtures', 'obj');
export const INCLUDE = join(packageRoot(), 'runtime-native', 'include');

const REFERENCE = 'clang19-v3';

/** Names of all fixtures. */
export function fixtureNames(): readonly string[] {
  return readdirSync(join(OBJECTS, REFERENCE))
    .filter((file) => file.endsWith('.bpf.o'))
    .map((file) => file.slice(0, -'.bpf.o'.length))
    .sort();
}

export function fixturePath(name: string, toolchain = REFERENCE): string {
  return join(OBJECTS, toolchain, `${name}.bpf.o`);
}

/** A BPF object as the compiler reads it. Types are found in the object's own BTF, where it asks. */
export function loadObject(path: string): BpfObject {
  return load(
    readFileSync(path),
    path,
    { programs: [], kernelVersion: '6.1.0', btf: path },
    new CollectingSink(),
  );
}

/** Compiles as `build` does when nothing is said. */
export function emit(
  object: BpfObject,
  target: Target,
  kind: NativeKind,
  changes: Partial<CodeOptions> = {},
): Uint8Array {
  const options: CodeOptions = {
    target,
    level: 2,
    debug: false,
    ptRegs: ptRegsOf(object),
    helpers: 'inline',
    vector: 'auto',
    verify: true,
    ...changes,
  };
  return compile(object, options, kind, new CollectingSink());
}

export function emitText(
  object: BpfObject,
  target: Target,
  kind: 'asm' | 'llvm-ir',
  changes: Partial<CodeOptions> = {},
): string {
  return new TextDecoder().decode(emit(object, target, kind, changes));
}

/** A directory for one test file, and what removes it. */
export function scratch(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-output-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Whether a program can be started; a line tells when it cannot. */
export function have(tool: string, use: string): boolean {
  const found = spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;
  if (!found) console.log(`skip: ${use}: ${tool} is not installed`);
  return found;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], directory?: string): Ended {
  const ended = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(directory !== undefined && { cwd: directory }),
  });
  if (ended.error !== undefined) throw ended.error;
  return ended;
}

/** Runs a program that must succeed, and gives what it prints. */
export function output(command: string, args: readonly string[], directory?: string): string {
  const ended = run(command, args, directory);
  if (ended.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: exit ${ended.status}\n${ended.stderr}`);
  return ended.stdout;
}

/** Debian's names for each target's C library. */
export const TRIPLES: Readonly<Record<string, string>> = {
  'x86-64': 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
};

export interface CCompiler {
  readonly name: string;
  readonly command: readonly string[];
  /** What to put in front of a program that it links. */
  readonly runner: readonly string[];
}

/** Every C compiler that makes programs which run here for a target; lines tell what is missing. */
export function compilersFor(target: Target): readonly CCompiler[] {
  const triple = TRIPLES[target.name]!;
  if (hostTarget()?.name === target.name) {
    return [
      { name: 'gcc', command: ['gcc'], runner: [] },
      { name: 'clang', command: ['clang-19'], runner: [] },
      { name: 'clang and lld', command: ['clang-19', '-fuse-ld=lld-19'], runner: [] },
    ].filter(({ name, command }) => have(command[0]!, `linking with ${name}`));
  }
  const use = `linking for ${target.name}`;
  if (!have(target.qemu, use)) return [];
  const sysroot = `/usr/${triple}`;
  if (!existsSync(join(sysroot, 'lib', 'libc.a'))) {
    console.log(`skip: ${use}: no C library in ${sysroot}`);
    return [];
  }
  const runner = [target.qemu, '-L', sysroot];
  return [
    { name: `${triple}-gcc`, command: [`${triple}-gcc`], runner },
    {
      name: 'clang and lld',
      command: ['clang-19', `--target=${triple}`, '-fuse-ld=lld-19'],
      runner,
    },
  ].filter(({ name, command }) => have(command[0]!, `linking for ${target.name} with ${name}`));
}
