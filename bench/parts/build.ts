import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/src/base/index.ts';
import type { Sink } from '../../compiler/src/diag/index.ts';
import { type CodeOptions, compile, load, readInput } from '../../compiler/src/driver/index.ts';
import { linkShared } from '../../compiler/src/link/index.ts';
import type { BpfObject } from '../../compiler/src/object/index.ts';
import type { Target } from '../../compiler/src/target/index.ts';
import { findTool, runTool } from '../../compiler/src/toolchain/index.ts';
import type { Workload } from './workloads.ts';

/** Where everything that is built for measuring goes. */
export const BUILD = join(packageRoot(), 'bench', 'build');

const BENCH = join(packageRoot(), 'bench');
const INCLUDE = join(packageRoot(), 'runtime-native', 'include');

/** The instruction set of the bytecode that is measured: what current toolchains are told to write. */
const BPF = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Werror'];

const quiet: Sink = { add: () => {} };

async function clang(args: readonly string[]): Promise<void> {
  await runTool(await findTool('clang'), args);
}

/** Compiles the measuring program; it runs natively and uses libc and libbpf. */
export async function buildHost(target: Target): Promise<string> {
  mkdirSync(BUILD, { recursive: true });
  const host = join(BUILD, 'host');
  const options = [
    '-O2',
    '-Wall',
    '-Wextra',
    '-std=gnu11',
    '-D_GNU_SOURCE',
    '-fPIC',
    '-I',
    INCLUDE,
  ];
  await clang([...options, join(BENCH, 'host.c'), '-o', host, '-lbpf', '-ldl']);
  await clang([...options, '-c', join(BENCH, 'glue.c'), '-o', glueFile(target)]);
  return host;
}

function glueFile(target: Target): string {
  return join(BUILD, `glue.${target.name}.o`);
}

/** The files of one workload before any compiler of ours has seen it. */
export interface Prepared {
  readonly input: string;
  readonly bpf: string;
  /** The bytecode as a program of the kernel. */
  readonly kernel: string;
  readonly native: string;
  readonly object: BpfObject;
  readonly memory: Uint8Array;
}

/** Compiles a workload to bytecode and to native code by clang, and writes its input. */
export async function prepare(workload: Workload, target: Target): Promise<Prepared> {
  const source = join(BENCH, 'workloads', `${workload.name}.c`);
  const file = (suffix: string) => join(BUILD, workload.name + suffix);
  const memory = workload.input();
  writeFileSync(file('.input'), memory);
  await clang([...BPF, '-c', source, '-o', file('.o')]);
  await clang([...BPF, '-DKERNEL', `-DSIZE=${memory.length}`, '-c', source, '-o', file('.bpf.o')]);
  const library = join(packageRoot(), 'runtime-native', 'build', target.name, 'libbpftime.a');
  await clang([
    ...['-O3', '-fPIC', '-shared', '-fuse-ld=lld', '-Wl,--exclude-libs=ALL', '-I', INCLUDE],
    ...[source, library, '-o', file('.native.so')],
  ]);
  return {
    input: file('.input'),
    bpf: file('.o'),
    kernel: file('.bpf.o'),
    native: file('.native.so'),
    object: load(readInput(file('.o')), file('.o'), { programs: [] }, quiet),
    memory,
  };
}

/** Compiles a workload's bytecode with our compiler, to a shared object that exports `run`. */
export async function buildOurs(
  workload: Workload,
  prepared: Prepared,
  options: CodeOptions,
): Promise<string> {
  const stem = join(BUILD, `${workload.name}.ours-O${options.level}`);
  writeFileSync(`${stem}.o`, compile(prepared.object, options, 'obj', quiet));
  await linkShared([`${stem}.o`, glueFile(options.target)], `${stem}.so`, options.target, {
    // The glue calls libc, which is in the process that loads it.
    allowUndefined: true,
  });
  return `${stem}.so`;
}
