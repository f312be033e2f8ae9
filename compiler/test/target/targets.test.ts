import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure, renderText } from '../../src/diag/index.ts';
import {
  findTarget,
  hostTarget,
  ptRegsField,
  ptRegsFieldAt,
  targets,
} from '../../src/target/index.ts';

test('names, aliases and triples find their target', () => {
  const spellings: Record<string, string[]> = {
    'x86-64': [
      'x86-64',
      'x86_64',
      'amd64',
      'x64',
      'X86-64',
      'x86_64-unknown-linux-musl',
      'x86_64-linux-gnu',
      'x86-64-linux',
      'x86_64-pc-linux-gnu',
    ],
    arm64: [
      'arm64',
      'aarch64',
      'aarch64-linux-gnu',
      'aarch64-unknown-linux-gnu',
      'aarch64-none-elf',
      'ARM64',
      'aarch64-linux-android',
    ],
    riscv64: [
      'riscv64',
      'rv64',
      'riscv64-linux-gnu',
      'riscv64gc-unknown-linux-gnu',
      'riscv64-unknown-elf',
      'riscv64gc',
    ],
  };
  for (const [name, list] of Object.entries(spellings)) {
    for (const spelling of list) assert.is(findTarget(spelling).name, name, spelling);
  }
  for (const target of targets()) assert.is(findTarget(target.triple), target);
});

function refusal(name: string): Failure {
  try {
    findTarget(name);
  } catch (error) {
    assert.instance(error, Failure);
    return error as Failure;
  }
  throw new Error(`${name} was accepted`);
}

test('other CPUs, 32-bit and non-ELF environments are refused as usage', () => {
  const wrong = [
    '',
    'mips',
    'i386',
    'riscv32',
    'aarch64_be',
    'armv7-linux-gnueabihf',
    'aarch64-apple-darwin',
    'x86_64-pc-windows-msvc',
    'x86_64-linux-gnux32',
    'aarch64-linux-gnu_ilp32',
    '-',
    'native-linux',
  ];
  for (const name of wrong) {
    const failure = refusal(name);
    assert.is(failure.kind, 'usage', name);
    assert.is(failure.diagnostic.code, 'BPF-F010');
    assert.match(failure.diagnostic.help!, /x86-64, arm64, riscv64/);
  }
});

test('a slip is answered with the target that was meant', () => {
  const meant = (name: string) => /did you mean '(.*)'/.exec(refusal(name).diagnostic.help!)?.[1];
  assert.is(meant('riscv46'), 'riscv64');
  assert.is(meant('risc64'), 'riscv64');
  assert.is(meant('aarch46'), 'arm64');
  assert.is(meant('x8664'), 'x86-64');
  assert.is(meant('aarch46-linux-gnu'), 'arm64');
  assert.is(meant('sparc'), undefined);
});

test('any text is a target or a usage failure', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.ok(renderText([refusal(`?${text}`).diagnostic], { color: false }).length > 0);
    }),
  );
});

test('the host is one of the targets, or none', () => {
  const known = ['x64', 'arm64', 'riscv64'].includes(process.arch);
  assert.is(hostTarget() !== undefined, known);
});

for (const target of targets()) {
  test(`${target.name}: the fields of struct pt_regs fill it without gap or overlap`, () => {
    let end = 0;
    for (const field of target.ptRegs.fields) {
      assert.is(field.offset, end, field.name);
      assert.is(field.size, 8, field.name);
      end = field.offset + field.size;
    }
    assert.is(end, target.ptRegs.size);
    assert.is(ptRegsFieldAt(target, 15), target.ptRegs.fields[1]);
    assert.is(ptRegsFieldAt(target, end), undefined);
    assert.is(ptRegsFieldAt(target, -1), undefined);
  });

  test(`${target.name}: every role has one register at most, names are unique`, () => {
    const roles = target.ptRegs.fields.flatMap((field) => field.roles ?? []);
    assert.is(new Set(roles).size, roles.length);
    const names = target.ptRegs.fields.flatMap((field) => [field.name, ...(field.aliases ?? [])]);
    assert.is(new Set(names).size, names.length);
    for (const role of [
      'argument1',
      'argument6',
      'return_value',
      'stack_pointer',
      'instruction_pointer',
      'frame_pointer',
      'syscall_number',
      'syscall_argument4',
    ] as const) {
      assert.ok(ptRegsField(target, role), role);
    }
  });
}

test('registers are found by role, name and alias', () => {
  const register = (target: string, key: string) => ptRegsField(findTarget(target), key)?.name;
  assert.is(register('x86-64', 'argument1'), 'di');
  assert.is(register('x86-64', 'rdi'), 'di');
  assert.is(register('x86-64', 'argument4'), 'cx');
  assert.is(register('x86-64', 'syscall_argument4'), 'r10');
  assert.is(register('arm64', 'regs[0]'), 'x0');
  assert.is(register('arm64', 'return_address'), 'x30');
  assert.is(register('riscv64', 'syscall_number'), 'a7');
  assert.is(register('riscv64', 'pc'), 'epc');
  assert.is(register('x86-64', 'a0'), undefined);
  assert.is(register('x86-64', 'return_address'), undefined);
});

test.run();
