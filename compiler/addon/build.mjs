// Builds the addon with node-gyp: compiler/addon/build/Release/bpftime.node.
// usage: node compiler/addon/build.mjs [--force]
// Does nothing when the addon is newer than its sources and was built against the same LLVM.
// Prefers the clang++ that belongs to the LLVM: half the time of g++.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, findLlvmConfig, onPath } from './settings.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const output = join(here, 'build', 'Release', 'bpftime.node');
const stampFile = join(here, 'build', 'stamp.json');

const config = findLlvmConfig();
if (config === undefined) {
  console.error(
    'error: no llvm-config-19 to llvm-config-14 with its headers\nhelp: apt-get install llvm-19-dev (or any from llvm-14-dev on)',
  );
  process.exit(3);
}
const version = ask(config, '--version');
const major = version.split('.')[0];
const stamp = JSON.stringify({
  llvm: version,
  shared: process.env.BPFTIME_LLVM_SHARED ?? '0',
  node: process.versions.modules,
});

function upToDate() {
  if (!existsSync(output) || !existsSync(stampFile)) return false;
  if (readFileSync(stampFile, 'utf8') !== stamp) return false;
  const built = statSync(output).mtimeMs;
  const sources = [
    ...readdirSync(join(here, 'src')).map((name) => join(here, 'src', name)),
    ...['binding.gyp', 'exports.map', 'settings.mjs', 'build.mjs'].map((name) => join(here, name)),
  ];
  return sources.every((name) => statSync(name).mtimeMs <= built);
}

const force = process.argv.includes('--force');
if (upToDate() && !force) process.exit(0);
await lock();
if (upToDate() && !force) process.exit(0);

// Node's own package brings its headers; without them node-gyp fetches these.
const headers = join(dirname(process.execPath), '..');
const nodedir = existsSync(join(headers, 'include', 'node', 'node_api.h'))
  ? [`--nodedir=${headers}`]
  : [];

const environment = { ...process.env, BPFTIME_LLVM_CONFIG: config };
const clang = onPath(`clang++-${major}`);
if (clang !== undefined && process.env.CXX === undefined) {
  environment.CXX = clang;
  environment.CC = clang.replace('clang++', 'clang');
}
environment.LDFLAGS = [process.env.LDFLAGS ?? '', ...linkerFlags()].join(' ').trim();

/**
 * Half the time of loading LLVM is relocation: packed relocations, which C libraries take from glibc
 * 2.36 on, save a sixth of it. (ld.lld links faster, but leaves out what glibc wants to see with them.)
 */
function linkerFlags() {
  let libc = '';
  try {
    libc = execFileSync('getconf', ['GNU_LIBC_VERSION'], { encoding: 'utf8' });
  } catch {
    return []; // not glibc
  }
  const found = /glibc (\d+)\.(\d+)/.exec(libc);
  const packed = found !== null && (Number(found[1]) > 2 || Number(found[2]) >= 36);
  return packed ? ['-Wl,-z,pack-relative-relocs'] : [];
}

/** Two builds at once would take files from under each other. */
async function lock() {
  const file = join(here, 'building.tmp');
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      process.on('exit', () => rmSync(file, { force: true }));
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
        process.on(signal, () => process.exit(1));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!alive(file)) rmSync(file, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether the process that holds the lock still runs; a lock just made may not have its number yet. */
function alive(file) {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder === 0) return Date.now() - statSync(file).mtimeMs < 5000;
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// The objects of another LLVM are of no use; else only what changed is compiled again.
const same = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && !force;
const steps = same ? ['configure', 'build'] : ['rebuild'];

const gyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
const run = spawnSync(process.execPath, [gyp, ...steps, '-C', here, ...nodedir, '--jobs', 'max'], {
  env: environment,
  encoding: 'utf8',
  maxBuffer: 1 << 28,
});
if (run.status !== 0) {
  process.stderr.write(`${run.stdout}${run.stderr}`);
  console.error(`error: building the addon against LLVM ${version} failed`);
  process.exit(1);
}
writeFileSync(stampFile, stamp);
console.log(`built the addon against LLVM ${version}`);
