// Holds the rooms of compiler/src to their order: a room imports only from rooms with a lower number,
// only through their index.ts; each heavy package has one room that uses it; only `diag`, the command
// line and the entry points print.
// usage: node compiler/scripts/imports.mjs [source directory]; prints file:line of each violation.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { maskComments } from './mask.mjs';

const ROOMS = {
  base: 0,
  diag: 1,
  elf: 2,
  isa: 2,
  btf: 2,
  target: 2,
  object: 3,
  verifier: 4,
  lower: 5,
  interp: 5,
  codegen: 6,
  toolchain: 6,
  link: 7,
  kernel: 7,
  driver: 8,
  cli: 9,
  bin: 10,
};

const SOLE_USERS = {
  elfinfo: 'elf',
  execa: 'toolchain',
  'llvm-bindings': 'lower',
  picocolors: 'diag',
  yargs: 'cli',
};

const PRINTING_ROOMS = new Set(['diag', 'cli', 'bin']);
const PRINTING = /(?<![\w$.])(console\s*\.|process\s*\.\s*(?:stdout|stderr)\b)/g;

/** The specifier of `import x from`, `export x from`, `import 'x'`, `import('x')`, `require('x')`. */
const SPECIFIER =
  /(?<![\w$.])(?:(?:import|export)\b[^;'"`()=]*?\bfrom\s*|import\s*(?:\(\s*)?|require(?:\.resolve)?\s*\(\s*)(['"`])([^'"`\n]+)\1/g;

const here = dirname(fileURLToPath(import.meta.url));
const source = resolve(process.argv[2] ?? join(here, '..', 'src'));
const violations = [];
let files = 0;

for (const name of readdirSync(source, { recursive: true }).sort()) {
  if (!/\.(ts|mts|cts|js|mjs|cjs)$/.test(name)) continue;
  files++;
  checkFile(join(source, name));
}

for (const violation of violations) console.error(violation);
if (files === 0) console.error(`no source files below ${source}`);
else console.log(`${files} files, ${violations.length} violations of the order of rooms`);
process.exit(violations.length === 0 && files > 0 ? 0 : 1);

/** The room of a path below the source directory; undefined outside it. */
function roomOf(path) {
  const parts = relative(source, path).split(sep);
  return parts[0] === '..' ? undefined : parts[0];
}

function checkFile(path) {
  const { withStrings, withoutStrings } = maskComments(readFileSync(path, 'utf8'));
  const room = roomOf(path);
  const report = (text, index, message) => {
    const line = text.slice(0, index).split('\n').length;
    violations.push(`${relative(process.cwd(), path)}:${line}: ${message}`);
  };
  if (!(room in ROOMS)) {
    report('', 0, `'${room}' is no room; rooms and their numbers stand in scripts/imports.mjs`);
    return;
  }
  for (const match of withStrings.matchAll(SPECIFIER)) {
    // The statement itself must be code, not the text of a string.
    if (withoutStrings[match.index] !== withStrings[match.index]) continue;
    const message = problemOf(room, path, match[2]);
    const place = match.index + match[0].lastIndexOf(match[2]);
    if (message !== undefined) report(withStrings, place, message);
  }
  if (PRINTING_ROOMS.has(room)) return;
  for (const match of withoutStrings.matchAll(PRINTING)) {
    report(withoutStrings, match.index, `'${room}' prints; add a diagnostic to the sink instead`);
  }
}

/** What is wrong with an import of `specifier` by a file of `room`; undefined when nothing is. */
function problemOf(room, path, specifier) {
  if (specifier.startsWith('node:')) return undefined;
  if (!specifier.startsWith('.')) return packageProblem(room, specifier);
  const target = resolve(dirname(path), specifier);
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) {
    const isData = /\.(json|def)$/.test(target);
    return isData ? undefined : `'${specifier}' is code outside the rooms`;
  }
  if (targetRoom === room) return undefined;
  if (!(targetRoom in ROOMS)) return `'${specifier}' is in no room`;
  if (ROOMS[targetRoom] >= ROOMS[room]) {
    return `'${room}' (${ROOMS[room]}) may not import from '${targetRoom}' (${ROOMS[targetRoom]})`;
  }
  if (relative(join(source, targetRoom), target) !== 'index.ts') {
    return `'${specifier}' is inside '${targetRoom}'; import from its index.ts`;
  }
  return undefined;
}

function packageProblem(room, specifier) {
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  const user = SOLE_USERS[name];
  if (user === undefined) return `package '${name}' has no room that may use it`;
  return user === room ? undefined : `package '${name}' is for '${user}' only`;
}
