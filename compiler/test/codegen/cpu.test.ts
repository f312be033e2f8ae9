import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkCpu, llvmVersion } from '../../src/codegen/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { findTarget, hostTarget, targets } from '../../src/target/index.ts';
import { code, lowered } from './support.ts';

function refused(
  target: string,
  wanted: { cpu?: string; features?: string },
  message: RegExp,
  help: RegExp,
): void {
  assert.throws(
    () => checkCpu(findTarget(target), wanted),
    (error: unknown) =>
      error instanceof Failure &&
      error.kind === 'usage' &&
      message.test(error.message) &&
      help.test(error.diagnostic.help ?? ''),
  );
}

test('every target has defaults that this LLVM takes', () => {
  assert.match(llvmVersion(), /^1[4-9]\.\d+/);
  for (const target of targets()) assert.is(checkCpu(target, {}).cpu, target.cpu);
  assert.match(checkCpu(findTarget('riscv64'), {}).features, /^\+m,\+a,\+f,\+d,\+c/);
});

test('the user adds features to those of the target', () => {
  assert.is(checkCpu(findTarget('x86-64'), { features: ' +avx2, -mmx ' }).features, '+avx2,-mmx');
  assert.is(checkCpu(findTarget('x86-64'), { cpu: 'znver3' }).cpu, 'znver3');
});

test('a name that LLVM does not know is refused with the one that was meant', () => {
  refused('x86-64', { cpu: 'znver9' }, /unknown CPU 'znver9' for x86-64/, /did you mean 'znver\d'/);
  refused('arm64', { cpu: 'cortex-a27' }, /unknown CPU/, /did you mean 'cortex-a\d/);
  refused('riscv64', { cpu: 'sifive-u75' }, /unknown CPU/, /did you mean 'sifive-u74'/);
  refused('x86-64', { features: '+avx3' }, /unknown feature 'avx3'/, /did you mean 'avx2?'/);
  refused('riscv64', { features: '+zzzzqqqq' }, /unknown feature/, /^$/);
  refused('x86-64', { features: 'avx2' }, /must start with/, /\+avx2/);
  refused('x86-64', { cpu: '' }, /unknown CPU ''/, /some CPUs: /);
});

test('CPUs and features that cannot do are refused, not handed to LLVM, which would die of them', () => {
  refused('x86-64', { cpu: 'i386' }, /no 64-bit mode/, /^$/);
  refused('riscv64', { cpu: 'generic-rv32' }, /no 64-bit mode/, /^$/);
  refused('riscv64', { features: '-d' }, /lp64d needs feature 'd'/, /^$/);
});

test('native is this machine, and no other', () => {
  const host = hostTarget();
  for (const target of targets()) {
    if (target.name === host?.name) {
      const bytes = code(lowered('define i64 @f() {\n  ret i64 1\n}'), {
        target: target.name,
        cpu: 'native',
      });
      assert.ok(bytes.length > 0);
    } else {
      refused(target.name, { cpu: 'native' }, /this machine is no/, /^$/);
    }
  }
});

test.run();
