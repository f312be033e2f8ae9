import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { code, inspect, lowered, text } from './support.ts';

const PROGRAM = `
@demo__map = global i64 1
@demo__table = constant i64* @demo__map
@local = internal global i64 7
declare i64 @helper(i8*)
define i64 @demo__program(i8* %context) {
  %result = call i64 @helper(i8* %context)
  %value = load i64, i64* @demo__map
  %both = add i64 %result, %value
  ret i64 %both
}
define i64 @demo__inner(i8* %context) {
  ret i64 1
}`;

function refused(plan: Parameters<typeof lowered>[1], message: RegExp): void {
  assert.throws(
    () => code(lowered(PROGRAM, plan)),
    (error: unknown) =>
      error instanceof Failure && error.kind === 'internal' && message.test(error.message),
  );
}

test('aliases are weak symbols at the same place', () => {
  for (const target of ['x86-64', 'arm64', 'riscv64']) {
    const bytes = code(
      lowered(PROGRAM, { aliases: [{ alias: 'program', target: 'demo__program' }] }),
      { target },
    );
    const symbols = inspect(bytes, 'llvm-readelf', '-sW');
    assert.match(symbols, /FUNC\s+WEAK\s+DEFAULT\s+\d+ program\n/);
    const place = (name: string) =>
      new RegExp(`: (\\w+)\\s+\\d+ FUNC\\s+\\w+\\s+DEFAULT\\s+(\\d+) ${name}\\n`).exec(symbols)!;
    assert.equal(place('program').slice(1), place('demo__program').slice(1));
  }
  refused({ aliases: [{ alias: 'program', target: 'missing' }] }, /not defined/);
  refused({ aliases: [{ alias: 'demo__inner', target: 'demo__program' }] }, /defined already/);
});

test('an alias replaces a declaration of its name', () => {
  const bytes = code(lowered(PROGRAM, { aliases: [{ alias: 'helper', target: 'demo__inner' }] }));
  const symbols = inspect(bytes, 'llvm-nm');
  assert.match(symbols, /W helper/);
  assert.not.match(symbols, /U helper/);
});

test('attributes go to the function, its result and its parameters', () => {
  const attributes = [
    { function: 'demo__program', position: 1, name: 'noalias' },
    { function: 'demo__program', position: 1, name: 'align', value: 16 },
    { function: 'demo__program', position: 1, name: 'dereferenceable', value: 64 },
    { function: 'helper', position: 0, name: 'noundef' },
    { function: 'helper', position: -1, name: 'readonly' },
    { function: 'helper', position: -1, name: 'willreturn' },
  ];
  const ir = text(code(lowered(PROGRAM, { attributes }), { emit: 'llvm-ir', level: 0 }));
  assert.match(
    ir,
    /define .*@demo__program\(\S+ noalias align 16 dereferenceable\(64\) %context\)/,
  );
  assert.match(ir, /declare noundef i64 @helper/);
  assert.match(ir, /memory\(read\)|readonly/);
  assert.match(ir, /willreturn/);

  refused(
    { attributes: [{ function: 'missing', position: 1, name: 'noalias' }] },
    /no such function/,
  );
  refused({ attributes: [{ function: 'helper', position: 2, name: 'noalias' }] }, /no position 2/);
  refused(
    { attributes: [{ function: 'helper', position: 1, name: 'wonderful' }] },
    /not an attribute/,
  );
  refused(
    { attributes: [{ function: 'helper', position: 1, name: 'noreturn' }] },
    /not an attribute/,
  );
  refused(
    { attributes: [{ function: 'helper', position: 1, name: 'align', value: 3 }] },
    /needs a value/,
  );
  refused({ attributes: [{ function: 'helper', position: 1, name: 'align' }] }, /needs a value/);
  refused({ attributes: [{ function: 'helper', position: 1, name: 'byval' }] }, /has no number/);
});

test('visibility, alignment, section and retention of symbols', () => {
  const bytes = code(
    lowered(PROGRAM, {
      hidden: ['demo__inner'],
      globals: [
        { symbol: 'demo__map', alignment: 64, section: '.maps.demo' },
        { symbol: 'demo__table', section: 'bpftime_objects', retain: true },
        { symbol: 'local', retain: true },
      ],
    }),
  );
  const symbols = inspect(bytes, 'llvm-readelf', '-sW');
  assert.match(symbols, /FUNC\s+GLOBAL\s+HIDDEN\s+\d+ demo__inner/);
  assert.match(symbols, /OBJECT\s+LOCAL\s+DEFAULT\s+\d+ local/);
  const sections = inspect(bytes, 'llvm-readelf', '-SW');
  assert.match(sections, /\.maps\.demo\s+PROGBITS.* WA\s+0\s+0 64\n/);
  assert.match(sections, /bpftime_objects\s+PROGBITS.* \w*R\w*\s+0\s+0\s+8\n/);
  refused({ hidden: ['missing'] }, /no symbol 'missing'/);
  refused({ globals: [{ symbol: 'missing', retain: true }] }, /no symbol 'missing'/);
  refused({ globals: [{ symbol: 'demo__map', alignment: 12 }] }, /alignment 12/);
  refused({ vectorFunctions: ['missing'] }, /no function 'missing'/);
});

test('the object reaches its own definitions without the global offset table', () => {
  const relocations = inspect(code(lowered(PROGRAM)), 'llvm-readelf', '-rW');
  assert.not.match(relocations, /GOT/);
  assert.match(relocations, /R_X86_64_PLT32.*helper/);
});

test.run();
