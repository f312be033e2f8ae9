/**
 * The public conformance suite through the whole compiler: all cases of a target in one executable,
 * some also through the plugin, which is how the suite's own runner would call it.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { objectFromBytecode } from '../../src/object/index.ts';
import { conformanceCases } from '../support/conformance.ts';
import { mergeObjects } from '../support/merge.ts';
import { execute, runnableTargets } from './native.ts';

const targets = await runnableTargets();
const cases = (conformanceCases() ?? []).filter(({ error }) => error === null);

for (const target of targets) {
  if (cases.length === 0) continue;
  for (const level of [0, 2] as const) {
    test(`${cases.length} conformance cases on ${target.name} at -O${level}`, async () => {
      const object = mergeObjects(
        cases.map(({ name, code }) => objectFromBytecode(code, `${name}.bin`)),
      );
      const requests = cases.map(({ memory }, program) => ({ program, memory }));
      const { results } = await execute(object, target, requests, { level });
      const wrong = cases
        .map(({ name, result }, index) => ({ name, result, r0: results[index]?.r0 }))
        .filter(({ result, r0 }) => result !== r0);
      assert.equal(wrong, []);
    });
  }
}

function plugin(
  code: string,
  ...args: string[]
): { status: number | null; out: string; err: string } {
  const command = join(packageRoot(), 'compiler', 'bin', 'conformance-plugin');
  const { status, stdout, stderr } = spawnSync(command, args, { input: code, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

const EXIT = '9500000000000000';
// r0 = *(u8 *)(r1 + 1); r0 <<= 65; exit
const SHIFT = `71 10 01 00 00 00 00 00\n67 00 00 00 41 00 00 00 ${EXIT}`;

for (const target of targets) {
  test(`the plugin prints r0 on ${target.name}, of what a verifier would refuse too`, () => {
    const end = plugin(SHIFT, '01 20', '--target', target.name);
    assert.equal(end, { status: 0, out: '40\n', err: '' });
    assert.equal(plugin(SHIFT, `--target=${target.name}`, '0120').out, '40\n');
  });

  test(`the plugin agrees with the suite on ${target.name}`, () => {
    // A spread over the whole list: names are in alphabetical order of what they test.
    const step = Math.max(1, Math.floor(cases.length / 4));
    for (let at = 1; at < cases.length; at += step) {
      const { name, code, memory, result } = cases[at]!;
      const hex = Buffer.from(code).toString('hex').replace(/../g, '$& ');
      const end = plugin(hex, Buffer.from(memory).toString('hex'), '--target', target.name);
      assert.is(end.status, 0, `${name}: ${end.err}`);
      assert.is(BigInt(`0x${end.out.trim()}`), result, name);
    }
  });
}

test('the plugin refuses what is no program, with one diagnostic and no result', () => {
  const refused = (code: string, status: number, pattern: RegExp, ...args: string[]) => {
    const end = plugin(code, ...args);
    assert.is(end.status, status, end.err);
    assert.is(end.out, '');
    assert.match(end.err, pattern);
  };
  refused('', 1, /there is no code/);
  refused('950000', 1, /error: /);
  refused(`ff00000000000000${EXIT}`, 1, /error: /);
  refused(`0500ff7f00000000${EXIT}`, 1, /error: /);
  refused('b700000001000000', 1, /error: /);
  refused('zz', 2, /the program is not base16/);
  refused(EXIT, 2, /the memory is not base16/, 'xyz');
  refused(EXIT, 2, /one memory only/, '00', '11');
  refused(EXIT, 2, /unknown option/, '--frobnicate');
  refused(EXIT, 2, /--target needs a name/, '--target');
  refused(EXIT, 2, /did you mean/, '--target', 'arm46');
});

if (targets.length > 0) {
  test('a program that crashes is an error of the plugin', () => {
    // r0 = 16; r0 = *(u64 *)(r0 + 0); exit
    const end = plugin(`b7000000100000007900000000000000${EXIT}`, '--target', targets[0]!.name);
    assert.is(end.status, 1);
    assert.is(end.out, '');
    assert.match(end.err, /SIGSEGV/);
  });
}

test.run();
