import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { code, inspect, lowered, text } from './support.ts';

const PROGRAM = `
declare i64 @bpftime_inline_lookup(i64)
define i64 @demo__program(i64 %key) {
  %value = call i64 @bpftime_inline_lookup(i64 %key)
  ret i64 %value
}`;

const RUNTIME = `
@step = internal constant i64 11
@unused_table = constant [1000 x i64] zeroinitializer
declare i64 @bpf_outside(i64)
declare i64 @bpf_unused()
define i64 @bpftime_inline_lookup(i64 %key) #0 {
  %step = load i64, i64* @step
  %sum = add i64 %key, %step
  %result = call i64 @shared(i64 %sum)
  ret i64 %result
}
define i64 @shared(i64 %x) #1 {
  %y = call i64 @bpf_outside(i64 %x)
  ret i64 %y
}
define i64 @bpftime_inline_unused() #0 {
  %y = call i64 @bpf_unused()
  ret i64 %y
}
attributes #0 = { alwaysinline sspstrong uwtable "target-cpu"="x86-64-v4" "target-features"="+avx512f" "frame-pointer"="all" }
attributes #1 = { noinline uwtable "no-builtins" "target-cpu"="generic" "stack-protector-buffer-size"="8" }
!llvm.module.flags = !{!0, !1}
!llvm.ident = !{!2}
!0 = !{i32 1, !"wchar_size", i32 2}
!1 = !{i32 7, !"PIC Level", i32 1}
!2 = !{!"some compiler"}
`;

test('only what the program needs is linked, as its own', () => {
  for (const target of ['x86-64', 'arm64', 'riscv64']) {
    const symbols = inspect(code(lowered(PROGRAM), { target }, RUNTIME), 'llvm-nm');
    assert.match(symbols, /T demo__program/);
    assert.match(symbols, /t shared/);
    assert.match(symbols, /U bpf_outside/);
    assert.not.match(symbols, /unused|lookup/);
  }
});

test('always-inline functions are inlined at level 0 too, whatever CPU they were compiled for', () => {
  for (const level of [0, 2] as const) {
    const ir = text(code(lowered(PROGRAM), { level, emit: 'llvm-ir' }, RUNTIME));
    assert.not.match(ir, /call i64 @bpftime_inline_lookup/);
    assert.match(ir, /call .*i64 @shared/);
  }
});

test('one CPU and no leftovers of the runtime compiler', () => {
  const ir = text(code(lowered(PROGRAM), { level: 0, emit: 'llvm-ir' }, RUNTIME));
  assert.not.match(
    ir,
    /x86-64-v4|avx512|"target-cpu"="generic"|uwtable|ssp|no-builtins|some compiler/,
  );
  assert.not.match(ir, /stack-protector|wchar_size/);
  assert.match(ir, /"frame-pointer"="none"/);
  assert.match(ir, /"target-features"="-mmx,-sse,-sse2,-x87"/);
  const sections = inspect(code(lowered(PROGRAM), {}, RUNTIME), 'llvm-readelf', '-SW');
  assert.not.match(sections, /\.eh_frame|\.comment/);
});

test('without the runtime its functions stay undefined', () => {
  assert.match(inspect(code(lowered(PROGRAM)), 'llvm-nm'), /U bpftime_inline_lookup/);
});

test('a call that disagrees with the definition is told of', () => {
  const warnings: string[] = [];
  const wrong = PROGRAM.replaceAll(
    '@bpftime_inline_lookup(i64',
    '@bpftime_inline_lookup(i32',
  ).replace('i32 %key)\n  ret', 'i32 5)\n  ret');
  code(lowered(wrong), { onWarning: (message) => warnings.push(message) }, RUNTIME);
  assert.is(warnings.length, 1);
  assert.match(warnings[0]!, /bpftime_inline_lookup.*disagree/);
});

test('a vector function inlines runtime code without losing its vectors', () => {
  const module = lowered(
    `
declare i64 @bpftime_inline_lookup(i64)
define i64 @demo__sum(i32* %from, i64 %count) {
entry:
  %start = call i64 @bpftime_inline_lookup(i64 %count)
  br label %loop
loop:
  %index = phi i64 [0, %entry], [%next, %loop]
  %sum = phi i64 [%start, %entry], [%added, %loop]
  %source = getelementptr i32, i32* %from, i64 %index
  %value = load i32, i32* %source
  %wide = zext i32 %value to i64
  %added = add i64 %sum, %wide
  %next = add i64 %index, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret i64 %added
}`,
    { vectorFunctions: ['demo__sum'] },
  );
  const asm = text(code(module, { emit: 'asm' }, RUNTIME));
  assert.match(asm, /xmm/);
  assert.not.match(asm, /bpftime_inline_lookup/);
});

test.run();
