// Bundles the sources: one small file to load, because a process that loads a hundred modules
// spends more time on that than on compiling a BPF program.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'compiler', 'dist');

function filesBelow(directory, suffix) {
  return readdirSync(directory, { recursive: true })
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

export async function bundle({ tests = false } = {}) {
  const out = tests ? join(dist, 'test') : join(dist, 'bin');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await build({
    ...common,
    outdir: out,
    entryPoints: tests
      ? filesBelow(join(root, 'compiler', 'test'), '.test.ts')
      : filesBelow(join(root, 'compiler', 'src', 'bin'), '.ts'),
    outbase: tests ? join(root, 'compiler', 'test') : join(root, 'compiler', 'src', 'bin'),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const what = process.argv[2] ?? 'all';
  if (what !== 'test') await bundle();
  if (what !== 'bin') await bundle({ tests: true });
}
