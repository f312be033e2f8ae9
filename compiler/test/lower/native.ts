/**
 * Runs lowered modules without the room codegen: LLVM's own tools optimise and link them to a small
 * C program that calls each program once and prints what it did.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink } from '../../src/diag/index.ts';
import { lower } from '../../src/lower/index.ts';
import type { BpfObject } from '../../src/object/index.ts';
import { findTarget, hostTarget, type TargetName } from '../../src/target/index.ts';
import { analyse } from '../../src/verifier/index.ts';

/** A raw program and the memory it gets. */
export interface NativeCase {
  readonly object: BpfObject;
  readonly memory: Uint8Array;
}

export interface NativeOutcome {
  readonly r0: bigint;
  readonly memory: Uint8Array;
}

/** Debian's names of the C libraries that programs for other CPUs are linked with. */
const CROSS: Readonly<Record<TargetName, string>> = {
  'x86-64': 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
};

/** Tools that a run for a target needs; the first that is missing, if one is. */
export function missingTool(target: TargetName): string | undefined {
  const needed = ['clang-19', 'llvm-link-19'];
  const isHost = hostTarget()?.name === target;
  if (!isHost) needed.push(findTarget(target).qemu);
  for (const tool of needed) {
    if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error !== undefined) return tool;
  }
  if (!isHost && !existsSync(`/usr/${CROSS[target]}/lib/libc.a`)) return `libc of ${target}`;
  return undefined;
}

/** Lowers for a target as the compiler would, without the proof of safety. */
export function lowerFor(object: BpfObject, target: TargetName): ReturnType<typeof lower> {
  const sink = new CollectingSink();
  return lower(
    analyse(object, { skip: true }, sink),
    { target: findTarget(target), ptRegs: 'auto', helpers: 'extern', debug: false },
    sink,
  );
}

/** Builds all cases into one program and runs it; `name` of each object must differ. */
export function runNative(
  cases: readonly NativeCase[],
  target: TargetName,
  level = '-O2',
): NativeOutcome[] {
  const modules = cases.map(({ object }) => lowerFor(object, target).bitcode);
  return runWithC(modules, harness(cases), target, level)
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [r0, memory] = line.split(' ');
      return { r0: BigInt(`0x${r0}`), memory: Buffer.from(memory ?? '', 'hex') };
    });
}

/** Links modules with a C program, runs it and gives what it prints. */
export function runWithC(
  modules: readonly Uint8Array[],
  source: string,
  target: TargetName,
  level = '-O2',
): string {
  const directory = mkdtempSync(join(tmpdir(), 'lower-test-'));
  try {
    const files = modules.map((bitcode, index) => {
      const file = join(directory, `${index}.bc`);
      writeFileSync(file, bitcode);
      return file;
    });
    const linked = join(directory, 'all.bc');
    execFileSync('llvm-link-19', ['-o', linked, ...files]);
    const main = join(directory, 'main.c');
    writeFileSync(main, source);
    const program = join(directory, 'program');
    const include = join(packageRoot(), 'runtime-native', 'include');
    const flags = [`--target=${CROSS[target]}`, level, '-static', '-Wno-override-module'];
    execFileSync('clang-19', [...flags, '-I', include, main, linked, '-o', program], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const isHost = hostTarget()?.name === target;
    const [command, args] = isHost ? [program, []] : [findTarget(target).qemu, [program]];
    return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function harness(cases: readonly NativeCase[]): string {
  const lines = [
    '#include <stdint.h>',
    '#include <stdio.h>',
    '#include <string.h>',
    'uint64_t bpf_ktime_get_ns(void) { return 5; }',
    'typedef uint64_t program(void *, uint64_t);',
    'static uint64_t buffer[1 << 13];',
    'static void one(program *run, const unsigned char *memory, uint64_t size) {',
    '  memcpy(buffer, memory, size);',
    '  uint64_t r0 = run(size ? buffer : 0, size);',
    '  printf("%llx ", (unsigned long long)r0);',
    '  for (uint64_t i = 0; i < size; i++) printf("%02x", ((unsigned char *)buffer)[i]);',
    '  printf("\\n");',
    '}',
  ];
  for (const { object } of cases) lines.push(`program ${object.name}__main;`);
  lines.push('int main(void) {');
  for (const { object, memory } of cases) {
    const bytes = [...memory].join(',');
    lines.push(
      `  { static const unsigned char memory[] = {${bytes === '' ? '0' : bytes}};`,
      `    one(${object.name}__main, memory, ${memory.length}); }`,
    );
  }
  lines.push('  return 0;', '}');
  return lines.join('\n');
}
