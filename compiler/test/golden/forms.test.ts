/**
 * The forms that the compiler emits, against files of fixtures/golden. `make bless` (BLESS=1) writes
 * these files anew; read the difference before committing it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { llvmVersion } from '../../src/codegen/index.ts';
import { CollectingSink } from '../../src/diag/index.ts';
import { describeObject, inspect } from '../../src/driver/index.ts';
import { emitHeader } from '../../src/link/index.ts';
import { findTarget, targets } from '../../src/target/index.ts';
import { emitText, fixturePath, loadObject } from '../output/support.ts';

const DIRECTORY = join(packageRoot(), 'fixtures', 'golden');
const FIXTURES = ['counter', 'globals', 'packet', 'tailcall'];
/** What LLVM prints differs between its versions; the goldens are of this one. */
const REFERENCE_LLVM = '19.';
const BLESS = process.env.BLESS === '1';

/** Every file that the directory should have. */
const expected = new Set(
  FIXTURES.flatMap((name) =>
    ['h', 'disasm', 'inspect.json', 'll', ...targets().map((target) => `${target.name}.s`)].map(
      (form) => `${name}.${form}`,
    ),
  ),
);

/** Compares with the golden file of the name, or writes it. */
function matches(name: string, text: string): void {
  const file = join(DIRECTORY, name);
  if (BLESS) {
    mkdirSync(DIRECTORY, { recursive: true });
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
      writeFileSync(file, text);
      console.log(`blessed ${name}`);
    }
    return;
  }
  assert.ok(existsSync(file), `no golden file ${name}: run \`make bless\``);
  assert.fixture(
    text,
    readFileSync(file, 'utf8'),
    `${name} differs; \`make bless\` if it is right`,
  );
}

for (const name of FIXTURES) {
  const path = fixturePath(name);

  test(`${name}: header, disassembly and inspection`, () => {
    const object = loadObject(path);
    matches(`${name}.h`, emitHeader(object));
    matches(`${name}.disasm`, describeObject(object));
    const information = inspect(readFileSync(path), path, new CollectingSink());
    matches(`${name}.inspect.json`, `${JSON.stringify(information, null, 2)}\n`);
  });

  test(`${name}: LLVM IR and assembly of three targets`, () => {
    const native = [
      [`${name}.ll`, findTarget('x86-64'), 'llvm-ir'] as const,
      ...targets().map((target) => [`${name}.${target.name}.s`, target, 'asm'] as const),
    ];
    if (!llvmVersion().startsWith(REFERENCE_LLVM)) {
      console.log(
        `skip: ${name}: LLVM here is ${llvmVersion()}, goldens are of ${REFERENCE_LLVM}x`,
      );
      return;
    }
    const object = loadObject(path);
    for (const [file, target, kind] of native) matches(file, emitText(object, target, kind));
  });
}

test('every golden file belongs to a form', () => {
  for (const name of readdirSync(DIRECTORY)) {
    if (expected.has(name)) continue;
    if (BLESS) rmSync(join(DIRECTORY, name));
    else assert.unreachable(`no form is compared with fixtures/golden/${name}`);
  }
});

test.run();
