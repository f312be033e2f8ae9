import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { targets } from '../../src/target/index.ts';
import { assemble, code, inspect, lowered, machineOf, text } from './support.ts';

const NAMES = ['x86-64', 'arm64', 'riscv64'] as const;

const PROGRAM = `
declare i64 @bpf_ktime_get_ns()
@demo__count = global i64 0
define internal i64 @triple(i64 %x) {
  %y = mul i64 %x, 3
  ret i64 %y
}
define i64 @demo__program(i8* %context) {
  %time = call i64 @bpf_ktime_get_ns()
  %three = call i64 @triple(i64 %time)
  %old = load i64, i64* @demo__count
  %new = add i64 %old, %three
  store i64 %new, i64* @demo__count
  ret i64 %new
}`;

/** Sums an array and copies another: loops that LLVM vectorises where it may. */
const LOOPS = ['probe', 'packet']
  .map(
    (name) => `
define i64 @${name}(i32* noalias %from, i32* noalias %to, i64 %count) {
entry:
  br label %loop
loop:
  %index = phi i64 [0, %entry], [%next, %loop]
  %sum = phi i64 [0, %entry], [%added, %loop]
  %source = getelementptr i32, i32* %from, i64 %index
  %destination = getelementptr i32, i32* %to, i64 %index
  %value = load i32, i32* %source
  %wide = zext i32 %value to i64
  %added = add i64 %sum, %wide
  %changed = xor i32 %value, 85
  store i32 %changed, i32* %destination
  %next = add i64 %index, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret i64 %added
}`,
  )
  .join('\n');

const VECTOR_REGISTERS = {
  'x86-64': /%(?:[xyz]mm|mm)\d|%st\b/,
  arm64: /\b(?:[vqz]\d+\.|[qdsh]\d+\b)/,
  riscv64: /\b(?:v\d+\b|f[ats]\d+\b|vset)/,
};

function disassembly(bytes: Uint8Array, symbol: string): string {
  const printed = inspect(
    bytes,
    'llvm-objdump',
    '-d',
    '--no-show-raw-insn',
    '--no-leading-addr',
    '--mattr=+v,+sve',
    `--disassemble-symbols=${symbol}`,
  );
  assert.match(printed, `<${symbol}>:`);
  return printed;
}

test('every target gives an object of its machine with the symbols of the module', () => {
  for (const target of targets()) {
    const bytes = code(lowered(PROGRAM), { target: target.name });
    assert.is(machineOf(bytes), target.elfMachine);
    const symbols = inspect(bytes, 'llvm-nm');
    assert.match(symbols, /T demo__program/);
    assert.match(symbols, /U bpf_ktime_get_ns/);
    assert.not.match(symbols, /triple/);
  }
  const riscv = inspect(code(lowered(PROGRAM), { target: 'riscv64' }), 'llvm-readelf', '-h');
  assert.match(riscv, /RVC, double-float ABI/);
});

test('every form at every level', () => {
  for (const level of [0, 1, 2, 3] as const) {
    assert.match(text(code(lowered(PROGRAM), { level, emit: 'asm' })), /demo__program:/);
    assert.match(
      text(code(lowered(PROGRAM), { level, emit: 'llvm-ir' })),
      /define .*@demo__program/,
    );
    assert.is(text(code(lowered(PROGRAM), { level, emit: 'bitcode' }).slice(0, 2)), 'BC');
    assert.is(text(code(lowered(PROGRAM), { level }).slice(1, 4)), 'ELF');
  }
});

test('the same module gives the same bytes', () => {
  for (const target of NAMES) {
    const options = { target, level: 3 as const };
    const plan = { vectorFunctions: ['packet'] };
    const first = code(lowered(LOOPS, plan), options);
    assert.equal(code(lowered(LOOPS, plan), options), first);
  }
});

test('functions keep to general registers unless the plan lets them use vectors', () => {
  const extra = { 'x86-64': '+avx2', arm64: '+sve', riscv64: '+v' };
  for (const target of NAMES) {
    for (const features of [undefined, extra[target]]) {
      for (const level of [0, 2, 3] as const) {
        const bytes = code(lowered(LOOPS, { vectorFunctions: ['packet'] }), {
          target,
          level,
          ...(features !== undefined && { features }),
        });
        assert.not.match(disassembly(bytes, 'probe'), VECTOR_REGISTERS[target]);
        // The baseline of riscv64 has no vectors.
        if (level > 0 && (target !== 'riscv64' || features !== undefined)) {
          assert.match(disassembly(bytes, 'packet'), VECTOR_REGISTERS[target]);
        }
      }
    }
  }
});

test('vector: never overrules the plan', () => {
  const module = lowered(LOOPS, { vectorFunctions: ['packet'] });
  const bytes = code(module, { vector: 'never', level: 3 });
  assert.not.match(disassembly(bytes, 'packet'), VECTOR_REGISTERS['x86-64']);
});

test('loops become memset only where no function must keep to general registers', () => {
  const clear = (name: string) => `
define void @${name}(i8* %memory, i64 %size) {
entry:
  br label %loop
loop:
  %index = phi i64 [0, %entry], [%next, %loop]
  %place = getelementptr i8, i8* %memory, i64 %index
  store i8 0, i8* %place
  %next = add i64 %index, 1
  %more = icmp ult i64 %next, %size
  br i1 %more, label %loop, label %done
done:
  ret void
}`;
  const nm = (module: ReturnType<typeof lowered>) => inspect(code(module), 'llvm-nm');
  assert.match(nm(lowered(clear('a'), { vectorFunctions: ['a'] })), /U memset/);
  assert.not.match(nm(lowered(clear('a'))), /U memset/);
  assert.not.match(nm(lowered(clear('a') + clear('b'), { vectorFunctions: ['a'] })), /U memset/);
});

test('a function with the name of one of the C library is nothing special', () => {
  const module = lowered(`
declare i64 @strlen(i8*)
@text = private constant [4 x i8] c"abc\\00"
define i64 @demo__program(i8* %context) {
  %length = call i64 @strlen(i8* getelementptr ([4 x i8], [4 x i8]* @text, i64 0, i64 0))
  ret i64 %length
}`);
  assert.match(inspect(code(module, { level: 3 }), 'llvm-nm'), /U strlen/);
});

test('bitcode that is cut off or altered is an error, not the end of the process', () => {
  const module = lowered(PROGRAM);
  const { bitcode } = module;
  for (let length = 0; length < bitcode.length; length += 61) {
    assert.throws(
      () => code({ ...module, bitcode: bitcode.slice(0, length) }),
      (error: unknown) => error instanceof Failure && error.kind === 'internal',
    );
  }
  for (let position = 0; position < bitcode.length; position += 97) {
    const altered = bitcode.slice();
    altered[position]! ^= 0x10;
    try {
      code({ ...module, bitcode: altered });
    } catch (error) {
      assert.instance(error, Failure);
    }
  }
  assert.match(inspect(code(module), 'llvm-nm'), /demo__program/);
});

test('a module that breaks the rules is refused with what LLVM says of it', () => {
  // Well-formed bitcode of another kind of file: a module without anything to verify is fine.
  assert.is(text(code(lowered('')).slice(1, 4)), 'ELF');
  assert.throws(
    () => code({ ...lowered(PROGRAM), bitcode: new TextEncoder().encode('BC no bitcode') }),
    /code generation failed/,
  );
});

test('what LLVM dies of is an error, again and again', () => {
  const wrongCpu = lowered(`
declare i64 @llvm.x86.rdtsc()
define i64 @demo__program(i8* %context) {
  %time = call i64 @llvm.x86.rdtsc()
  ret i64 %time
}`);
  for (let round = 0; round < 3; round++) {
    assert.throws(
      () => code(wrongCpu, { target: 'riscv64' }),
      (error: unknown) =>
        error instanceof Failure && error.kind === 'internal' && /rdtsc|select/.test(error.message),
    );
    assert.is(text(code(wrongCpu).slice(1, 4)), 'ELF');
  }
});

test('100,000 instructions in one function', () => {
  const lines = Array.from(
    { length: 100_000 },
    (_, index) =>
      `  %v${index + 1} = ${['add', 'xor', 'mul', 'sub'][index % 4]} i64 %v${index}, ${(index % 13) + 2}`,
  );
  const module = lowered(
    `define i64 @demo__program(i64 %v0) {\n${lines.join('\n')}\n  ret i64 %v100000\n}`,
  );
  assert.is(text(code(module).slice(1, 4)), 'ELF');
});

test('the addon tells how long each step took', () => {
  let steps: readonly string[] = [];
  code(lowered(PROGRAM), {
    onTimes: (times) => {
      steps = Object.keys(times);
    },
  });
  assert.equal(steps, ['machine', 'parse', 'verify', 'link', 'optimise', 'emit']);
  assert.ok(assemble(PROGRAM).length > 0);
});

test.run();
