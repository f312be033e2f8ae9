// Bundles the sources: one small file to load, because a process that loads a hundred modules
// spends more time on that than on compiling a BPF program.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'compiler', 'dist');

function filesBelow(directory, suffix, recursive) {
  return readdirSync(directory, { recursive })
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(directory, name));
}

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  splitting: true,
  sourcemap: 'linked',
  logLevel: 'warning',
  // Native bindings and the LLVM loader resolve files beside themselves.
  external: ['llvm-bindings', '*.node'],
  loader: { '.def': 'text' },
  // CommonJS packages inside an ES module bundle still call require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  outExtension: { '.js': '.mjs' },
};

/** Modules beside the tools that are no program of their own; folders below hold none. */
const IMPORTED_ONLY = new Set(['compiler/fuzz/mutate.ts']);

export async function bundle({ tests = false } = {}) {
  const out = join(dist, tests ? 'test' : 'bin');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const directories = tests ? ['compiler/test'] : ['compiler/src/bin', 'compiler/fuzz', 'bench'];
  const entryPoints = directories.flatMap((directory) => {
    const base = join(root, directory);
    return filesBelow(base, tests ? '.test.ts' : '.ts', tests)
      .filter((file) => tests || !IMPORTED_ONLY.has(relative(root, file)))
      .map((file) => ({ in: file, out: relative(base, file).replace(/\.ts$/, '') }));
  });
  await build({ ...common, outdir: out, entryPoints });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const what = process.argv[2] ?? 'all';
  if (what !== 'test') await bundle();
  if (what !== 'bin') await bundle({ tests: true });
}
