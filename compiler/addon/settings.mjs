// What binding.gyp needs to know of this machine: the newest LLVM from 19 down to 14, and how to
// link it. Prints one setting, split into words.
// usage: node settings.mjs include|libraries
// environment: BPFTIME_LLVM_CONFIG names an llvm-config, BPFTIME_LLVM_SHARED=1 links libLLVM.so
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPONENTS = [
  'x86',
  'aarch64',
  'riscv',
  'passes',
  'bitreader',
  'bitwriter',
  'linker',
  'codegen',
  'core',
  'support',
];

function onPath(name) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory || '.', name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

/** llvm-config of the newest LLVM that has its headers; undefined when there is none. */
export function findLlvmConfig() {
  if (process.env.BPFTIME_LLVM_CONFIG) return process.env.BPFTIME_LLVM_CONFIG;
  for (const version of [19, 18, 17, 16, 15, 14]) {
    const path = onPath(`llvm-config-${version}`);
    if (path === undefined) continue;
    try {
      accessSync(join(ask(path, '--includedir'), 'llvm', 'Passes', 'PassBuilder.h'));
      return path;
    } catch {
      // The tools without the headers: llvm-NN is there, llvm-NN-dev is not.
    }
  }
  return undefined;
}

export function ask(config, ...options) {
  return execFileSync(config, options, { encoding: 'utf8' }).trim();
}

export { onPath };

function libraries(config) {
  const directory = ask(config, '--libdir');
  if (process.env.BPFTIME_LLVM_SHARED === '1')
    return [`-L${directory}`, ...ask(config, '--libs', '--link-shared').split(/\s+/)];
  return [
    `-L${directory}`,
    ...ask(config, '--libs', '--link-static', ...COMPONENTS).split(/\s+/),
    // Of what LLVM can use, only compression is in the parts that are linked.
    '-Wl,--as-needed',
    '-lz',
    '-lzstd',
    '-ltinfo',
    '-lrt',
    '-ldl',
    '-lm',
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const config = findLlvmConfig();
  if (config === undefined) {
    console.error('no llvm-config-19 to llvm-config-14 with headers: apt-get install llvm-19-dev');
    process.exit(3);
  }
  const print = {
    include: () => [ask(config, '--includedir')],
    libraries: () => libraries(config),
  };
  console.log(print[process.argv[2]]().join(' '));
}
