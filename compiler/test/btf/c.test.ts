import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Btf, CWriter, declarationsToC, parseBtf, typeName } from '../../src/btf/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { BtfBuilder } from './builder.ts';
import { vmlinux } from './kernel.ts';
import { sectionsOf } from './objects.ts';

const COMPILERS: readonly (readonly string[])[] = [
  ['clang-19', '--target=x86_64-linux-gnu'],
  ['clang-19', '--target=aarch64-linux-gnu'],
  ['clang-19', '--target=riscv64-linux-gnu'],
  ['clang-14', '--target=x86_64-linux-gnu'],
  ['gcc'],
];

function btfOf(name: string): Btf {
  return parseBtf(sectionsOf(name).get('.BTF')!, name);
}

/** Definitions of all types, and assertions that a compiler lays them out as BTF says. */
function withAssertions(btf: Btf): { text: string; count: number } {
  const writer = new CWriter(btf);
  const checks: string[] = [];
  for (let id = 1; id < btf.typeCount; id += 1) {
    const type = btf.type(id);
    const isEnum = type.kind === 'enum' || type.kind === 'enum64';
    if ((isEnum && type.name !== '') || type.kind === 'typedef') {
      writer.define(id);
      const size = btf.size(id);
      if (size > 0) checks.push(`sizeof(${writer.declare(id, '')}) == ${size}`);
    }
    if ((type.kind !== 'struct' && type.kind !== 'union') || type.name === '') continue;
    writer.define(id);
    const name = writer.declare(id, '');
    checks.push(`sizeof(${name}) == ${type.size}`);
    for (const member of type.members) {
      if (member.name === '' || member.bitfieldSize > 0) continue;
      checks.push(`__builtin_offsetof(${name}, ${member.name}) == ${member.bitOffset / 8}`);
    }
  }
  const asserts = checks.map((check) => `_Static_assert(${check}, "${check}");`);
  return { text: `${writer.text()}\n${asserts.join('\n')}\n`, count: checks.length };
}

function compile(compiler: readonly string[], text: string, extra: readonly string[] = []): void {
  const scratch = mkdtempSync(join(tmpdir(), 'btf-test-'));
  try {
    const source = join(scratch, 'types.c');
    writeFileSync(source, text);
    const result = spawnSync(
      compiler[0]!,
      [...compiler.slice(1), '-std=gnu11', '-fsyntax-only', '-w', ...extra, source],
      { encoding: 'utf8' },
    );
    assert.is(result.status, 0, `${compiler.join(' ')}: ${result.stderr?.slice(0, 2000)}`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function availableCompilers(): readonly (readonly string[])[] {
  return COMPILERS.filter((compiler) => {
    const isThere = spawnSync(compiler[0]!, ['--version']).status === 0;
    if (!isThere) console.log(`skip: ${compiler[0]} is not installed`);
    return isThere;
  });
}

test('compilers lay written types out as BTF says', () => {
  for (const compiler of availableCompilers()) {
    for (const object of ['kinds.o', 'core.o', 'core-target.o', 'core-14.o']) {
      const { text, count } = withAssertions(btfOf(object));
      assert.ok(count > 10);
      compile(compiler, text);
    }
  }
});

test('compilers lay every type of this kernel out as its BTF says', () => {
  const btf = vmlinux();
  if (btf === undefined) return;
  const { text, count } = withAssertions(btf);
  assert.ok(count > 10_000);
  for (const compiler of availableCompilers().slice(0, 1)) compile(compiler, text);
});

test('bitfields keep their bits', () => {
  const btf = btfOf('kinds.o');
  const writer = new CWriter(btf);
  const checks: string[] = [];
  for (const name of ['bits', 'packed_bits']) {
    const type = btf.type(btf.find(name, 'struct')!);
    assert.is(type.kind, 'struct');
    if (type.kind !== 'struct') continue;
    writer.define(type.id);
    for (const { name: field, bitOffset, bitfieldSize } of type.members) {
      const bits = bitfieldSize === 0 ? 8 : bitfieldSize;
      const mask = ((1n << BigInt(bits)) - 1n) << BigInt(bitOffset % 8);
      const expected = Array.from({ length: type.size }, (_, index) => {
        const at = index - Math.floor(bitOffset / 8);
        return at < 0 ? 0 : Number((mask >> BigInt(8 * at)) & 0xffn);
      });
      const value = bits === 8 && bitfieldSize === 0 ? '0xff' : '-1';
      checks.push(
        `{ struct ${name} s = {0}; unsigned char want[] = {${expected}}; s.${field} = ${value};` +
          ` if (__builtin_memcmp(&s, want, ${bitOffset / 8 + 1 > 0 ? type.size : 0})) return ${checks.length + 1}; }`,
      );
    }
  }
  if (spawnSync('gcc', ['--version']).status !== 0) {
    console.log('skip: gcc is not installed');
    return;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'btf-test-'));
  try {
    const program = join(scratch, 'bits');
    writeFileSync(
      `${program}.c`,
      `${writer.text()}\nint main(void) {\n${checks.join('\n')}\nreturn 0; }\n`,
    );
    const built = spawnSync('gcc', ['-w', '-o', program, `${program}.c`], { encoding: 'utf8' });
    assert.is(built.status, 0, built.stderr);
    const status = spawnSync(program).status!;
    assert.is(status, 0, checks[status - 1]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test('declarations read as in the source', () => {
  const btf = btfOf('kinds.o');
  const nested = btf.find('nested', 'struct')!;
  const declared = (member: string): string =>
    typeName(btf, btf.findMember(nested, member)!.member.type, member);
  assert.is(declared('inner'), 'struct packed inner[3]');
  assert.is(
    declared('pointers'),
    'const volatile char * const * restrict pointers[2]'.replaceAll('* ', '*'),
  );
  assert.is(declared('table'), 'int (*table[4])(struct nested *, int (*)(int), anonymous_alias)');
  assert.is(declared('returns_pointer'), 'int (*(*returns_pointer)(void))[5]');
  assert.is(declared('flexible'), 'u64_alias flexible[0]');
  assert.is(
    typeName(btf, btf.find('program', 'function')!, 'program'),
    'int program(void *context)',
  );
  assert.is(typeName(btf, 0), 'void');
});

test('what is only pointed to is only declared, and only once', () => {
  const btf = btfOf('kinds.o');
  const text = declarationsToC(btf, [btf.find('later')!, btf.find('later')!]);
  const lines = text.split('\n').filter((line) => line !== '');
  assert.equal(lines, [
    'struct nested;',
    'struct ahead;',
    'struct later {',
    '\tstruct nested *nested;',
    '\tstruct ahead *user;',
    '};',
  ]);
});

test('types that the reader has already are used, not defined', () => {
  const btf = btfOf('kinds.o');
  const writer = new CWriter(btf, ['u64_alias', 'struct later', 'enum small']);
  for (const name of ['u64_alias', 'later', 'small', 'nested']) writer.define(btf.find(name)!);
  assert.not.match(writer.text(), /typedef [^;]* u64_alias;/);
  assert.not.match(writer.text(), /struct later( \{|;)/);
  assert.not.match(writer.text(), /enum small \{/);
  assert.match(writer.text(), /enum small d : 4;/);
});

test('names that C cannot have, and names taken twice', () => {
  const builder = new BtfBuilder();
  const int = builder.int('int', 4);
  const odd = builder.struct('core::Option<u8>', 4, [['for', int, 0]]);
  const first = builder.struct('same', 4, [['a', int, 0]]);
  const second = builder.struct('same', 8, [
    ['a', int, 0],
    ['b', int, 32],
  ]);
  const values = builder.enum('letters', [['A', 1]]);
  const again = builder.enum('more_letters', [['A', 2]]);
  const btf = parseBtf(builder.bytes(), 'made');
  const text = declarationsToC(btf, [odd, first, second, values, again]);
  assert.match(text, 'struct core__Option_u8_ {\n\tint for_;\n}');
  assert.match(text, 'struct same {\n\tint a;\n}');
  assert.match(text, 'struct same___2 {\n\tint a;\n\tint b;\n}');
  assert.match(text, 'enum letters {\n\tA = 1,\n}');
  assert.match(text, 'enum more_letters {\n\tA___2 = 2,\n}');
  for (const compiler of availableCompilers().slice(0, 1)) compile(compiler, text);
});

test('members that overlap become bytes', () => {
  const builder = new BtfBuilder();
  const int = builder.int('int', 4);
  const overlapping = builder.struct('overlapping', 8, [
    ['a', int, 0],
    ['b', int, 16],
  ]);
  const holder = builder.struct('holder', 12, [
    ['before', int, 0],
    ['inner', overlapping, 32],
  ]);
  const btf = parseBtf(builder.bytes(), 'made');
  const text = declarationsToC(btf, [holder]);
  const checks = 'sizeof(struct overlapping) == 8 && sizeof(struct holder) == 12';
  for (const compiler of availableCompilers().slice(0, 1)) {
    compile(compiler, `${text}\n_Static_assert(${checks}, "layout");`);
  }
});

test('what cannot be written is refused', () => {
  const builder = new BtfBuilder();
  const inner = builder.count + 1;
  // A struct without a name that points to itself.
  builder.struct('', 8, [['self', inner + 1, 0]]);
  builder.pointer(inner);
  const btf = parseBtf(builder.bytes(), 'made');
  assert.throws(
    () => declarationsToC(btf, [inner]),
    (error: unknown) => error instanceof Failure,
  );
  assert.throws(
    () => typeName(btf, inner),
    (error: unknown) => error instanceof Failure,
  );
});

test.run();
