import { closeSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bpfKernel, type KernelError } from '../../src/codegen/index.ts';

const SOCKET_FILTER = 1;
const ARRAY = 2;
const HASH = 1;

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const RETURN_SEVEN = hex('b700000007000000 9500000000000000');

/** Whether this kernel lets this user load programs at all. */
function allowed(): boolean {
  try {
    closeSync(
      bpfKernel().progLoad({ type: SOCKET_FILTER, instructions: RETURN_SEVEN, license: 'GPL' }),
    );
    return true;
  } catch (error) {
    console.log(`skip: bpf(2): ${(error as Error).message}`);
    return false;
  }
}

const withKernel = allowed() ? test : test.skip;

withKernel('a program runs and returns its result', () => {
  const fd = bpfKernel().progLoad({
    type: SOCKET_FILTER,
    instructions: RETURN_SEVEN,
    license: 'GPL',
  });
  const packet = new Uint8Array(64).fill(5);
  const run = bpfKernel().progTestRun({ fd, dataIn: packet, dataOutSize: 128, repeat: 10 });
  assert.is(run.retval, 7);
  assert.type(run.duration, 'number');
  assert.is(run.dataOut.length, 64);
  // The kernel treats the first 14 bytes as an Ethernet header, which it may rewrite.
  assert.ok(run.dataOut.subarray(14).every((byte) => byte === 5));
  closeSync(fd);
});

withKernel('a refused program brings the errno and the log', () => {
  try {
    bpfKernel().progLoad({
      type: SOCKET_FILTER,
      instructions: hex('9500000000000000'),
      license: 'GPL',
    });
    assert.unreachable();
  } catch (error) {
    assert.is((error as KernelError).code, 'EACCES');
    assert.match((error as KernelError).log ?? '', /R0 !read_ok/);
  }
});

withKernel('maps keep what is put in', () => {
  const kernel = bpfKernel();
  const fd = kernel.mapCreate({ type: HASH, keySize: 4, valueSize: 8, maxEntries: 2 });
  const key = hex('01000000');
  assert.is(kernel.mapLookup(fd, key), undefined);
  kernel.mapUpdate(fd, key, hex('0807060504030201'));
  assert.equal(kernel.mapLookup(fd, key), hex('0807060504030201'));
  const code = (action: () => void) => {
    try {
      action();
    } catch (error) {
      return (error as KernelError).code;
    }
    return undefined;
  };
  assert.is(
    code(() => kernel.mapUpdate(fd, key, hex('0807060504030201'), 1)),
    'EEXIST',
  );
  assert.is(
    code(() => kernel.mapLookup(fd, hex('0100'))),
    'EINVAL',
  );
  assert.is(
    code(() => kernel.mapUpdate(fd, key, hex('08'))),
    'EINVAL',
  );
  closeSync(fd);
  assert.match(code(() => kernel.mapLookup(fd, key)) ?? '', /^EBADFD?$/);
  assert.is(
    code(() => kernel.mapCreate({ type: ARRAY, keySize: 3, valueSize: 8, maxEntries: 1 })),
    'EINVAL',
  );
});

test('arguments of the wrong shape are type errors', () => {
  const kernel = bpfKernel();
  const wrong = { type: 1, instructions: new Uint8Array(7), license: 'GPL' };
  assert.throws(() => kernel.progLoad(wrong), /8 bytes each/);
  assert.throws(() => kernel.progTestRun({ fd: -1 }), /needs fd/);
  assert.throws(
    () => kernel.mapCreate({ type: 1.5, keySize: 4, valueSize: 8, maxEntries: 1 }),
    /needs/,
  );
});

test.run();
