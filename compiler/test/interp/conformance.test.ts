import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { type InterpResult, run } from '../../src/interp/index.ts';
import { objectFromBytecode } from '../../src/object/index.ts';
import { conformanceCases } from '../support/conformance.ts';

for (const { name, code, memory, result, error } of conformanceCases() ?? []) {
  test(`conformance: ${name}`, () => {
    let outcome: InterpResult | undefined;
    try {
      outcome = run(objectFromBytecode(code, `${name}.bin`), { memory, strictStack: true });
    } catch (refusal) {
      if (!(refusal instanceof Failure) || error === null) throw refusal;
    }
    if (error !== null) {
      assert.is(outcome?.r0, undefined, 'it must be refused or fault');
      return;
    }
    assert.is(outcome?.fault?.message, undefined);
    assert.is(outcome?.r0, result);
  });
}

test('raw programs get their memory and its length', () => {
  // r0 = *(u8 *)(r1 + 2); r0 += r2; exit
  const code = Buffer.from('71100200000000000f20000000000000' + '9500000000000000', 'hex');
  const { r0 } = run(objectFromBytecode(code, 'own.bin'), { memory: Uint8Array.of(1, 2, 40) });
  assert.is(r0, 43n);
});

test.run();
