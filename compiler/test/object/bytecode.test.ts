import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { objectFromBytecode } from '../../src/object/index.ts';
import { conformanceCases } from '../support/conformance.ts';

const exit = '9500000000000000';
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

function failure(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    assert.instance(error, Failure);
    return error as Failure;
  }
  throw new Error('nothing was refused');
}

test('bare bytecode is one raw program named main', () => {
  const object = objectFromBytecode(bytes(`b700000007000000${exit}`), 'dir/my-code.bin');
  assert.is(object.name, 'my_code_bin');
  assert.is(object.hash.length, 64);
  assert.equal(
    object.programs.map((program) => [program.name, program.kind, program.entry]),
    [['main', 'raw', 0]],
  );
  assert.equal(
    object.functions[0]!.instructions.map((instruction) => instruction.kind),
    ['alu', 'exit'],
  );
  assert.is(object.place(0, 1).instruction, 'exit');
  assert.is(object.place(0, 1).offset, 8);
});

test('functions begin where local calls and function addresses point', () => {
  const code = [
    '8510000003000000', // 0: call 4
    '1841000002000000', // 1: r1 = address of 4 (1 + 1 + 2)
    '0000000000000000',
    exit, // 3
    '0500010000000000', // 4: goto 6
    exit, // 5
    exit, // 6
  ].join('');
  const object = objectFromBytecode(bytes(code), 'f');
  assert.equal(
    object.functions.map((bpfFunction) => [bpfFunction.name, bpfFunction.sectionOffset]),
    [
      ['main', 0],
      ['function_4', 32],
    ],
  );
  assert.equal(object.functions[0]!.instructions[0], {
    kind: 'call_function',
    slot: 0,
    function: 1,
  });
  assert.equal(object.functions[0]!.instructions[1], {
    kind: 'reference',
    slot: 1,
    destination: 1,
    reference: { kind: 'function', function: 1 },
  });
  assert.equal(object.functions[1]!.instructions[0], { kind: 'jump', slot: 0, target: 2 });
  assert.is(object.place(1, 1).offset, 40);
});

test('a 64-bit constant is one value', () => {
  const object = objectFromBytecode(bytes(`18010000ffffffff00000000ffffff7f${exit}`), 'f');
  assert.equal(object.functions[0]!.instructions[0], {
    kind: 'reference',
    slot: 0,
    destination: 1,
    reference: { kind: 'value', value: 0x7fffffffffffffffn },
  });
});

test('what bare bytecode cannot say is refused', () => {
  const refused = (hex: string): string =>
    failure(() => objectFromBytecode(bytes(hex), 'f')).message;
  assert.match(refused(''), /there is no code/);
  assert.match(refused(`18110000010000000000000000000000${exit}`), /cannot refer to maps/);
  assert.match(refused(`8520000001000000${exit}`), /cannot refer to maps/);
  assert.match(refused(`85100000ffffffff${exit}`), /'main' calls itself/);
  // main calls 3, which branches back into main.
  assert.match(
    refused(`8510000002000000${exit}${exit}0500fdff00000000${exit}`),
    /a branch leaves the function 'function_3'/,
  );
});

test('a cycle of calls is named with its places', () => {
  // 0: call 2; 1: exit; 2: call 4; 3: exit; 4: call 2; 5: exit
  const call = (distance: string): string => `85100000${distance}`;
  const code = `${call('01000000')}${exit}${call('01000000')}${exit}${call('fdffffff')}${exit}`;
  const error = failure(() => objectFromBytecode(bytes(code), 'f')).diagnostic;
  assert.match(error.message, /'function_2' calls 'function_4', which leads back to it/);
  assert.is(error.place?.offset, 16);
  assert.is(error.notes?.[0]?.message, "'function_4' calls 'function_2'");
  assert.is(error.notes?.[0]?.place?.offset, 32);
});

test('call chains deeper than a JavaScript stack', () => {
  const count = 30_000;
  const code = Buffer.alloc(count * 16);
  for (let index = 0; index < count; index++) {
    Buffer.from(index === count - 1 ? 'b700000000000000' : '8510000001000000', 'hex').copy(
      code,
      index * 16,
    );
    Buffer.from(exit, 'hex').copy(code, index * 16 + 8);
  }
  assert.is(objectFromBytecode(code, 'f').functions.length, count);
});

test('the conformance cases', () => {
  const cases = conformanceCases();
  if (cases === undefined) return;
  for (const { code, name } of cases) {
    const object = objectFromBytecode(code, name);
    const slots = object.functions.reduce(
      (sum, { instructions }) =>
        sum +
        instructions.reduce(
          (count, instruction) => count + (instruction.kind === 'reference' ? 2 : 1),
          0,
        ),
      0,
    );
    assert.is(slots, code.length / 8, name);
  }
});

test.run();
