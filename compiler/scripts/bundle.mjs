// Bundles the sources: one small file to load, because a process that loads a hundred modules
// spends more time on that than on compiling a BPF program.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
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
  sourcemap: 'linked',
  logLevel: 'warning',
  // Native bindings and the LLVM loader resolve files beside themselves.
  external: ['llvm-bindings', '*.node'],
  loader: { '.def': 'text' },
  // Our help texts are ASCII; the general width of a string costs 60 ms of Unicode tables at start.
  alias: { 'string-width': join(root, 'compiler', 'scripts', 'ascii-width.mjs') },
};

/** Modules that import each other share chunks; for the tests and the tools beside the product. */
const modules = {
  ...common,
  format: 'esm',
  splitting: true,
  // CommonJS packages inside an ES module bundle still call require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  outExtension: { '.js': '.mjs' },
};

/** One script a program, which start.cjs can load together with the code V8 made of it before. */
const script = {
  ...common,
  format: 'cjs',
  charset: 'ascii',
  minifyWhitespace: true,
  minifySyntax: true,
  define: { 'import.meta.url': '__moduleUrl' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  outExtension: { '.js': '.cjs' },
};

/** Modules beside the tools that are no program of their own; folders below hold none. */
const IMPORTED_ONLY = new Set(
  ['case', 'mutate', 'worker'].map((name) => `compiler/fuzz/${name}.ts`),
);

function entryPoints(directories, suffix, nested) {
  return directories.flatMap((directory) => {
    const base = join(root, directory);
    return filesBelow(base, suffix, nested)
      .filter((file) => !IMPORTED_ONLY.has(relative(root, file)))
      .map((file) => ({ in: file, out: relative(base, file).replace(/\.ts$/, '') }));
  });
}

function emptyDirectory(name) {
  const directory = join(dist, name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return directory;
}

export async function bundleTests() {
  const outdir = emptyDirectory('test');
  await build({
    ...modules,
    outdir,
    entryPoints: entryPoints(['compiler/test'], '.test.ts', true),
  });
}

export async function bundlePrograms() {
  const outdir = emptyDirectory('bin');
  await build({ ...script, outdir, entryPoints: entryPoints(['compiler/src/bin'], '.ts', false) });
  await build({
    ...modules,
    outdir,
    entryPoints: entryPoints(['compiler/fuzz', 'bench'], '.ts', false),
  });
  copyFileSync(join(root, 'compiler', 'scripts', 'start.cjs'), join(outdir, 'start.cjs'));
  // One run of the usual kind shows V8 which functions to keep compiled.
  const sample = join(root, 'fixtures', 'obj', 'clang19-v3', 'latency.bpf.o');
  const end = spawnSync(
    process.execPath,
    [join(outdir, 'start.cjs'), 'build', sample, '-o', join(outdir, 'sample.o')],
    { env: { ...process.env, BPFTIME_WRITE_CODE_CACHE: '1' }, encoding: 'utf8' },
  );
  rmSync(join(outdir, 'sample.o'), { force: true });
  if (end.status !== 0) console.error(`no code cache: the sample did not build\n${end.stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const what = process.argv[2] ?? 'all';
  if (what !== 'test') await bundlePrograms();
  if (what !== 'bin') await bundleTests();
}
