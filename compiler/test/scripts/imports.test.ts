import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';

/** Runs the lint on a tree of these files; gives its exit code and `file:line: message` lines. */
function lint(files: Record<string, string>): { status: number | null; problems: string[] } {
  const source = mkdtempSync(join(tmpdir(), 'imports-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(source, name)), { recursive: true });
      writeFileSync(join(source, name), text);
    }
    const script = join(packageRoot(), 'compiler', 'scripts', 'imports.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, source], {
      cwd: source,
      encoding: 'utf8',
    });
    return { status, problems: stderr.split('\n').filter((line) => line !== '') };
  } finally {
    rmSync(source, { recursive: true });
  }
}

function refused(name: string, text: string, problem: RegExp): void {
  const { status, problems } = lint({ [name]: text });
  assert.is(status, 1, text);
  assert.is(problems.length, 1, problems.join('\n'));
  assert.match(problems[0]!, problem);
}

test('imports from lower rooms through their index are fine', () => {
  const text = [
    "import { a } from '../base/index.ts';",
    "import type { B } from '../diag/index.ts';",
    "import c from './c.ts';",
    "import { readFileSync } from 'node:fs';",
    "import { isaToString } from 'elfinfo/dist/src/strings.js';",
    "import data from '../../../targets/arm64/target.json' with { type: 'json' };",
    "// import { x } from '../cli/index.ts'; console.log(1)",
    "/* import '../cli/index.ts' */",
    'const text = "import { x } from \'../cli/index.ts\'; console.log(1)";',
    `const pattern = /'/; const shown = \`console.log(\${text} console.log())\`;`,
  ].join('\n');
  assert.equal(lint({ 'elf/a.ts': text }), { status: 0, problems: [] });
  const nested = "import { a } from '../../diag/index.ts';\nimport { b } from '../b.ts';";
  assert.equal(lint({ 'cli/commands/a.ts': nested }), { status: 0, problems: [] });
});

test('a higher room and one of the same number are refused, in every form of import', () => {
  refused(
    'elf/a.ts',
    "\nimport {\n  a,\n  type B,\n} from '../object/index.ts';",
    /^elf\/a\.ts:5: 'elf' \(2\) may not import from 'object' \(3\)/,
  );
  refused('elf/a.ts', "import type { A } from '../isa/index.ts';", /a\.ts:1: .*'isa' \(2\)/);
  refused('diag/a.ts', "export * from '../cli/index.ts';", /'cli' \(9\)/);
  refused('diag/a.ts', "import '../cli/index.ts';", /'cli' \(9\)/);
  refused('diag/a.ts', "const a = await import('../cli/index.ts');", /'cli' \(9\)/);
  refused('diag/a.ts', "type A = import('../cli/index.ts').A;", /'cli' \(9\)/);
  refused('diag/a.ts', `const a = \`\${await import('../cli/index.ts')}\`;`, /'cli' \(9\)/);
  refused('verifier/domain/a.ts', "import a from '../../lower/index.ts';", /'lower' \(5\)/);
});

test('the inner files of a room, unknown rooms and code outside are refused', () => {
  refused('elf/a.ts', "import a from '../base/bytes.ts';", /import from its index\.ts/);
  refused('cli/a.ts', "import a from '../object/maps/index.ts';", /inside 'object'/);
  refused('elf/a.ts', "import a from '../nowhere/index.ts';", /in no room/);
  refused('elf/a.ts', "import a from '../../scripts/a.mjs';", /outside the rooms/);
  refused('nowhere/a.ts', 'export {};', /'nowhere' is no room/);
});

test('packages belong to one room', () => {
  refused('object/a.ts', "import { open } from 'elfinfo';", /'elfinfo' is for 'elf' only/);
  refused('codegen/a.ts', "import llvm from 'llvm-bindings';", /for 'lower' only/);
  refused('codegen/a.ts', "const llvm = require('llvm-bindings');", /for 'lower' only/);
  refused('link/a.ts', "import { execa } from 'execa';", /for 'toolchain' only/);
  refused('driver/a.ts', "import yargs from 'yargs/yargs';", /for 'cli' only/);
  refused('cli/a.ts', "import colors from 'picocolors';", /for 'diag' only/);
  refused('elf/a.ts', "import a from '@scope/thing/deep';", /package '@scope\/thing'/);
});

test('only diag, cli and bin print', () => {
  for (const text of [
    "console.log('a');",
    'process.stdout.write(a)',
    'const t = process.stderr;',
  ]) {
    refused('object/a.ts', `\n\n${text}`, /^object\/a\.ts:3: 'object' prints/);
    for (const room of ['diag', 'cli', 'bin'])
      assert.is(lint({ [`${room}/a.ts`]: text }).status, 0);
  }
});

test('every violation is reported, and an empty tree is none to be content with', () => {
  const text = "import a from '../cli/index.ts';\nimport b from 'yargs';\nconsole.log(a, b);";
  const { problems } = lint({ 'elf/a.ts': text, 'isa/a.ts': text });
  assert.is(problems.length, 6);
  assert.is(lint({}).status, 1);
});

test.run();
