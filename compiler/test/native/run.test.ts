/** How a run that cannot come to its end says so. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Diagnostic, Failure } from '../../src/diag/index.ts';
import type { BpfObject } from '../../src/object/index.ts';
import { asm, makeObject } from '../support/object.ts';
import { execute, runnableTargets } from './native.ts';

const targets = await runnableTargets();

for (const target of targets) {
  const refusal = async (object: BpfObject): Promise<Diagnostic> => {
    try {
      await execute(object, target, [{ program: 0 }]);
    } catch (error) {
      assert.instance(error, Failure);
      return (error as Failure).diagnostic;
    }
    throw new Error('it ran to its end');
  };

  test(`a map type and a helper that the runtime lacks are named on ${target.name}`, async () => {
    const sockets = makeObject({
      functions: [[asm.movI(0, 0), asm.exit]],
      maps: [{ name: 'sockets', type: 18, typeName: 'sockhash' }],
    });
    const map = await refusal(sockets);
    assert.is(map.code, 'BPF-R005');
    assert.match((map.notes ?? []).map(({ message }) => message).join('\n'), /sockets/);
    const writing = [
      ...[asm.movR(2, 10), asm.aluI('add', 2, -8), asm.storeI(8, 10, -8, 0)],
      ...[asm.movI(3, 8), asm.movI(1, 0), asm.helper(36), asm.exit],
    ];
    const helper = await refusal(makeObject({ functions: [writing] }));
    assert.match(helper.message, /bpf_probe_write_user/);
  });

  test(`a crash is told from a wrong answer on ${target.name}`, async () => {
    const wild = makeObject({ functions: [[asm.movI(1, 16), asm.load(0, 8, 1, 0), asm.exit]] });
    assert.match((await refusal(wild)).message, /signal SIGSEGV/);
  });
}

test.run();
