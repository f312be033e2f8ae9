/** Stack frames: places, spills, fills, initialised bytes, and what the walk is told of slots. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { constantScalar, rangeScalar, UNKNOWN } from '../../src/verifier/domain/index.ts';
import { checkMemory } from '../../src/verifier/proof/memory/memory.ts';
import type { Dynptr } from '../../src/verifier/proof/state.ts';
import { PointerValue, type Value } from '../../src/verifier/proof/value.ts';
import { HandPath, outcome, refusal } from './proof-memory-path.ts';

function refused(
  text: string,
  code: string,
  words: RegExp,
  prepare?: (path: HandPath) => void,
): void {
  const said = outcome(text, prepare);
  assert.ok(said.startsWith(`BPF-${code}: `), `${text}: ${said}`);
  assert.match(said, words);
}

function accepted(text: string, prepare?: (path: HandPath) => void): void {
  assert.is(outcome(text, prepare), 'accepted', text);
}

function range(value: Value): [number, number] {
  if (value.kind !== 'scalar') throw new Error(value.kind);
  return [value.range.signedMinimum, value.range.signedMaximum];
}

const index = (low: number, high: number) => (path: HandPath) => {
  path.set(3, rangeScalar(low, high));
  path.run('r2 = r10; r2 += -64; r2 += r3');
};

const places = suite('where');
places('the frame is the 512 bytes below r10', () => {
  accepted('*(u64 *)(r10 - 512) = 0; *(u8 *)(r10 - 1) = 0');
  refused(
    '*(u64 *)(r10 - 520) = 0',
    'V022',
    /write of 8 bytes at offset -520 .* below its 512 bytes/,
  );
  refused('*(u8 *)(r10 - 513) = 0', 'V022', /-513/);
  refused('*(u8 *)(r10 + 0) = 0', 'V022', /offset 0 .* above its top/);
  refused('r0 = *(u64 *)(r10 + 8)', 'V022', /read of 8 bytes/);
});
places('an offset may vary inside its frame', () => {
  accepted('*(u8 *)(r2 + 0) = 1', index(0, 63));
  refused('*(u8 *)(r2 + 0) = 1', 'V022', /an offset from -64 to 0 /, index(0, 64));
  refused('*(u8 *)(r2 - 449) = 1', 'V022', /-513 to -450/, index(0, 63));
  refused('*(u8 *)(r2 + 0) = 1', 'V032', /without bounds/, index(0, 2 ** 29));
});
places('accesses are aligned, from the top of the frame', () => {
  refused('*(u64 *)(r10 - 12) = 1', 'V030', /aligned to 8 bytes/);
  refused('*(u16 *)(r10 - 3) = 1', 'V030', /aligned to 2 bytes/);
  refused('*(u64 *)(r10 - 8) = 1; r0 = *(u32 *)(r10 - 7)', 'V030', /read of 4 bytes/);
  const by = (mask: number) => (path: HandPath) => {
    path.set(3, UNKNOWN);
    path.run(`r3 &= ${mask}; r2 = r10; r2 += -64; r2 += r3`);
  };
  accepted('*(u32 *)(r2 + 0) = 1', by(12));
  refused('*(u32 *)(r2 + 0) = 1', 'V030', /-64 to -58/, by(6));
  refused('*(u32 *)(r2 + 2) = 1', 'V030', /4 bytes/, by(12));
});
places('what is odd in the variable part may be made up for by the constant', () => {
  accepted('*(u32 *)(r2 + 3) = 1', (path) => {
    path.set(3, UNKNOWN);
    path.run('r3 &= 12; r3 |= 1; r2 = r10; r2 += -64; r2 += r3');
  });
});
places('the walk hears how deep a frame is', () => {
  const path = new HandPath();
  index(0, 31)(path);
  path.run('*(u8 *)(r2 + 0) = 1; *(u64 *)(r10 - 128) = 1');
  assert.equal(
    path.told.filter((what) => what.startsWith('stack')),
    ['stack f0 64', 'stack f0 128'],
  );
});
places('a frame that has ended is no memory', () => {
  refused('r0 = *(u64 *)(r2 - 8)', 'V022', /has ended/, (path) =>
    path.point(2, { kind: 'stack', frame: 1 }),
  );
});
places.run();

const spills = suite('spills');
spills('a pointer comes back as it was', () => {
  const path = new HandPath().run('*(u64 *)(r10 - 8) = r1; r2 = *(u64 *)(r10 - 8)');
  assert.is(path.get(2), path.get(1));
  assert.equal(path.told, [
    ...['stack f0 8', 'moved 0:0', 'wrote 0:0'],
    ...['stack f0 8', 'read 0:0', 'moved 0:0'],
  ]);
});
spills('a part of a pointer is neither stored nor loaded', () => {
  refused('*(u32 *)(r10 - 8) = r1', 'V029', /only 4 bytes of the pointer in r1/);
  refused('*(u64 *)(r10 - 8) = r1; r2 = *(u32 *)(r10 - 8)', 'V029', /only a part/);
  refused('*(u64 *)(r10 - 8) = r1; r2 = *(u8 *)(r10 - 1)', 'V029', /only a part/);
});
spills('a number keeps its range, and both copies one identity', () => {
  const path = new HandPath();
  path.set(3, rangeScalar(5, 9));
  path.run('*(u64 *)(r10 - 8) = r3; r4 = *(u64 *)(r10 - 8)');
  assert.equal(range(path.get(4)), [5, 9]);
  assert.ok(path.scalar(4).id > 0);
  assert.is(path.scalar(3).id, path.scalar(4).id);
});
spills('constants need no identity', () => {
  const path = new HandPath().run('r3 = 7; *(u64 *)(r10 - 8) = r3; r4 = *(u64 *)(r10 - 8)');
  assert.is(path.scalar(4).id, 0);
  assert.equal(range(path.get(4)), [7, 7]);
});
for (const [size, largest] of [
  [1, 0xff],
  [2, 0xffff],
  [4, 0xffff_ffff],
] as const) {
  const bits = 8 * size;
  spills(`a spill of ${size} bytes keeps what fits, and only that stays tied`, () => {
    const fits = new HandPath();
    fits.set(3, rangeScalar(0, largest));
    fits.run(`*(u${bits} *)(r10 - 8) = r3; r4 = *(u${bits} *)(r10 - 8)`);
    assert.is(fits.scalar(4).id, fits.scalar(3).id);
    assert.ok(fits.scalar(4).id > 0);
    const wide = new HandPath();
    wide.set(3, rangeScalar(0, largest + 1));
    wide.run(`*(u${bits} *)(r10 - 8) = r3; r4 = *(u${bits} *)(r10 - 8)`);
    assert.is(wide.scalar(3).id, 0);
    assert.is(wide.scalar(4).range.unsignedMaximum, largest);
  });
  spills(`a load of ${size} bytes of a spill is its low end`, () => {
    const path = new HandPath();
    path.set(3, constantScalar(0x8877_6655_4433_22f1n));
    path.run(`*(u64 *)(r10 - 8) = r3; r4 = *(u${bits} *)(r10 - 8); r5 = *(s${bits} *)(r10 - 8)`);
    const value = 0x8877_6655_4433_22f1n;
    assert.is(path.scalar(4).range.constantValue, BigInt.asUintN(bits, value));
    assert.is(path.scalar(5).range.constantValue, BigInt.asUintN(64, BigInt.asIntN(bits, value)));
  });
}
spills('sign extension unties what it may change', () => {
  const path = new HandPath();
  path.set(3, rangeScalar(0, 200));
  path.run('*(u64 *)(r10 - 8) = r3; r4 = *(s8 *)(r10 - 8); r5 = *(s16 *)(r10 - 8)');
  assert.is(path.scalar(4).id, 0);
  assert.equal(range(path.get(4)), [-128, 127]);
  assert.is(path.scalar(5).id, path.scalar(3).id);
});
spills('the upper end of a spill is unknown, unless all of it is zero', () => {
  const path = new HandPath();
  path.set(3, rangeScalar(0, 3));
  path.run('*(u64 *)(r10 - 8) = r3; r4 = *(u32 *)(r10 - 4)');
  assert.is(path.scalar(4).range.unsignedMaximum, 0xffff_ffff);
  path.run('*(u64 *)(r10 - 8) = 0; r4 = *(u16 *)(r10 - 6)');
  assert.equal(range(path.get(4)), [0, 0]);
  assert.is(path.told.at(-1), 'moved 0:0');
});
spills('overwriting a byte takes the value away, not the bytes', () => {
  for (const at of [-8, -5, -1]) {
    const path = new HandPath().run(
      `*(u64 *)(r10 - 8) = r1; *(u8 *)(r10 ${at < 0 ? '-' : '+'} ${-at}) = 1; r2 = *(u64 *)(r10 - 8)`,
    );
    assert.is(path.scalar(2).range, UNKNOWN);
  }
});
spills('a short spill leaves the other bytes what they are, but no value', () => {
  refused('*(u32 *)(r10 - 8) = 1; r0 = *(u64 *)(r10 - 8)', 'V021', /the byte at -4 was/);
  const path = new HandPath().run(
    '*(u64 *)(r10 - 8) = r1; *(u32 *)(r10 - 8) = 5; r2 = *(u32 *)(r10 - 8); r3 = *(u32 *)(r10 - 4)',
  );
  assert.equal(range(path.get(2)), [5, 5]);
  assert.is(path.scalar(3).range.unsignedMaximum, 0xffff_ffff);
  assert.is(path.told.filter((what) => what === 'wrote 0:0').length, 1);
});
spills('addresses of locals do not go to callers', () => {
  const call = (path: HandPath) => {
    path.run('*(u64 *)(r10 - 8) = 0; r2 = r10');
    const caller = path.get(10);
    path.enter(0);
    path.set(6, caller);
    path.set(1, new PointerValue({ kind: 'context' }));
  };
  refused('*(u64 *)(r6 - 8) = r10', 'V022', /address of the stack .* caller/, call);
  refused('*(u64 *)(r6 - 8) = r6', 'V022', /address of the stack .* caller/, call);
  accepted('*(u64 *)(r6 - 8) = r1; r2 = *(u64 *)(r6 - 8); r0 = *(u64 *)(r2 + 0)', call);
});
spills('a scalar in a slot that was given up cannot be read', () => {
  refused('r0 = *(u64 *)(r10 - 8)', 'V021', /not written/, (path) => {
    path.run('*(u64 *)(r10 - 8) = r1');
    path.state.frame.setSlot(0, {
      ...path.state.frame.slot(0),
      value: { kind: 'uninitialised' },
    });
  });
});
spills.run();

const bytes = suite('bytes');
bytes('what was not written cannot be read', () => {
  refused('r0 = *(u8 *)(r10 - 1)', 'V021', /which was not written/);
  refused('*(u8 *)(r10 - 8) = 1; r0 = *(u16 *)(r10 - 8)', 'V021', /the byte at -7 was/);
  accepted('*(u8 *)(r10 - 8) = 1; *(u8 *)(r10 - 7) = 1; r0 = *(u16 *)(r10 - 8)');
});
bytes('zeroes are remembered byte by byte', () => {
  const zero = '*(u16 *)(r10 - 2) = 0; *(u8 *)(r10 - 3) = 0; *(u8 *)(r10 - 4) = 0;';
  const path = new HandPath().run(`${zero} r0 = *(u32 *)(r10 - 4)`);
  assert.equal(range(path.get(0)), [0, 0]);
  path.run('*(u8 *)(r10 - 3) = 1; r0 = *(u32 *)(r10 - 4); r2 = *(u16 *)(r10 - 2)');
  assert.is(path.scalar(0).range.unsignedMaximum, 0xffff_ffff);
  assert.equal(range(path.get(2)), [0, 0]);
});
bytes('a zero from a register must stay one', () => {
  const path = new HandPath().run('r3 = 0; *(u8 *)(r10 - 1) = r3');
  assert.ok(path.told.includes('precise r3'));
  const spilled = new HandPath().run('r3 = 0; *(u8 *)(r10 - 8) = r3');
  assert.not(spilled.told.includes('precise r3'));
  assert.ok(spilled.told.includes('moved 0:0'));
});
bytes('a store that may hit initialises nothing', () => {
  refused('*(u8 *)(r2 + 0) = 1; r0 = *(u8 *)(r10 - 64)', 'V021', /not written/, index(0, 7));
});
bytes('a store that may hit takes away what was known', () => {
  const path = new HandPath();
  path.run('*(u64 *)(r10 - 64) = r1; *(u64 *)(r10 - 56) = 5');
  index(0, 7)(path);
  path.run('*(u8 *)(r2 + 0) = 1; r4 = *(u64 *)(r10 - 64); r5 = *(u64 *)(r10 - 56)');
  assert.is(path.scalar(4).range, UNKNOWN);
  assert.equal(range(path.get(5)), [5, 5]);
});
bytes('zeroes stay under a zero that may hit', () => {
  const path = new HandPath();
  path.run('*(u64 *)(r10 - 64) = 0; *(u8 *)(r10 - 55) = 0; *(u8 *)(r10 - 54) = 0; r4 = 0');
  index(0, 15)(path);
  path.run('*(u8 *)(r2 + 0) = r4; r0 = *(u64 *)(r10 - 64); r5 = *(u8 *)(r10 - 55)');
  assert.equal(
    [range(path.get(0)), range(path.get(5))],
    [
      [0, 0],
      [0, 0],
    ],
  );
  assert.ok(path.told.includes('precise r4'));
  path.run('r4 = 1; *(u8 *)(r2 + 0) = r4; r0 = *(u64 *)(r10 - 64); r5 = *(u8 *)(r10 - 55)');
  assert.is(path.scalar(0).range, UNKNOWN);
  assert.equal(range(path.get(5)), [0, 255]);
});
bytes('a load from somewhere needs all bytes that it may read', () => {
  const fill = (path: HandPath) => {
    path.run('*(u64 *)(r10 - 64) = r1; *(u64 *)(r10 - 56) = 0');
  };
  const path = new HandPath();
  fill(path);
  index(0, 15)(path);
  path.told.length = 0;
  path.run('r0 = *(u8 *)(r2 + 0)');
  assert.equal(range(path.get(0)), [0, 255]);
  assert.equal(path.told, ['stack f0 64', 'read 0:7', 'read 0:6']);
  refused('r0 = *(u8 *)(r2 + 0)', 'V021', /-64 to -48 .* may reach the byte at -48/, (other) => {
    fill(other);
    index(0, 16)(other);
  });
});
bytes('zeroes from somewhere are zero', () => {
  const path = new HandPath();
  path.run('*(u8 *)(r10 - 63) = 0; *(u8 *)(r10 - 62) = 0');
  index(1, 2)(path);
  path.run('r0 = *(u8 *)(r2 + 0)');
  assert.equal(range(path.get(0)), [0, 0]);
});
bytes.run();

const calls = suite('memory of calls');
calls('what a helper reads must be there', () => {
  const path = new HandPath().run('*(u64 *)(r10 - 8) = 0; r2 = r10; r2 += -8');
  checkMemory(path, 2, 8, { read: true, write: false });
  const said = refusal(() => {
    path.run('r2 += -1');
    checkMemory(path, 2, 8, { read: true, write: false });
  });
  assert.is(said.code, 'BPF-V021');
  assert.match(said.message, /by the call at offset -9 .* the byte at -9 was/);
});
calls('a helper may read bytes of pointers', () => {
  const path = new HandPath().run('*(u64 *)(r10 - 8) = r1; r2 = r10; r2 += -8');
  checkMemory(path, 2, 8, { read: true, write: false });
  assert.is(path.get(2).kind, 'pointer');
});
calls('what a helper writes is initialised, and anything', () => {
  const path = new HandPath().run('*(u64 *)(r10 - 8) = r1; r2 = r10; r2 += -20');
  checkMemory(path, 2, 20, { read: false, write: true });
  path.run('r3 = *(u64 *)(r10 - 8); r4 = *(u64 *)(r10 - 16); r5 = *(u32 *)(r10 - 20)');
  assert.is(path.scalar(3).range, UNKNOWN);
  assert.ok(path.told.includes('wrote 0:0') && path.told.includes('wrote 0:1'));
  assert.not(path.told.includes('wrote 0:2'));
  assert.is(refusal(() => path.run('r5 = *(u8 *)(r10 - 21)')).code, 'BPF-V021');
});
calls('at a variable offset what was not there may still not be', () => {
  const path = new HandPath();
  index(0, 8)(path);
  checkMemory(path, 2, 8, { read: false, write: true });
  assert.is(refusal(() => path.run('r4 = *(u8 *)(r10 - 57)')).code, 'BPF-V021');
  path.run('*(u64 *)(r10 - 64) = 5; *(u64 *)(r10 - 56) = 5');
  checkMemory(path, 2, 8, { read: false, write: true });
  path.run('r4 = *(u64 *)(r10 - 64)');
  assert.is(path.scalar(4).range, UNKNOWN);
});
calls('of a size that varies only the least is certain', () => {
  const path = new HandPath().run('*(u64 *)(r10 - 8) = 0; r2 = r10; r2 += -24');
  checkMemory(path, 2, 24, { read: false, write: true, least: 10 });
  path.run('r4 = *(u64 *)(r10 - 24); r4 = *(u16 *)(r10 - 16); r5 = *(u64 *)(r10 - 8)');
  assert.is(path.scalar(5).range, UNKNOWN);
  assert.is(refusal(() => path.run('r4 = *(u8 *)(r10 - 14)')).code, 'BPF-V021');
});
calls('the frame bounds what they touch', () => {
  const path = new HandPath().run('r2 = r10; r2 += -8');
  const said = refusal(() => checkMemory(path, 2, 9, { read: false, write: true }));
  assert.is(said.code, 'BPF-V022');
  checkMemory(path, 2, 8, { read: false, write: true });
});
calls('no context and no number is memory', () => {
  const path = new HandPath();
  assert.is(refusal(() => checkMemory(path, 1, 8, { read: true, write: false })).code, 'BPF-V033');
  path.run('r2 = 8');
  assert.is(refusal(() => checkMemory(path, 2, 8, { read: true, write: false })).code, 'BPF-V029');
});
calls.run();

const ALL_DYNPTR = 0x4444_4444;
const dynptrs = suite('dynptrs');
/** A dynptr in the 16 bytes below -16. */
function put(path: HandPath, reference: number): Dynptr {
  const dynptr: Dynptr = { type: 'local', id: 7, reference, writable: true, first: true };
  path.state.frame.setSlot(3, { bytes: ALL_DYNPTR, value: undefined, dynptr });
  path.state.frame.setSlot(2, {
    bytes: ALL_DYNPTR,
    value: undefined,
    dynptr: { ...dynptr, first: false },
  });
  path.point(
    6,
    { kind: 'memory', size: 8, alignment: 8, writable: true, name: 'dynptr slice' },
    { reference: 7 },
  );
  path.run('*(u64 *)(r10 - 8) = r6');
  return dynptr;
}
dynptrs('their bytes are not read', () => {
  refused('r0 = *(u64 *)(r10 - 24)', 'V047', /dynptr's own bytes/, (path) => put(path, 0));
  refused('r0 = 1; r0 = xchg_64(r10 - 24, r0)', 'V047', /dynptr's own bytes/, (path) =>
    put(path, 0),
  );
});
for (const at of [32, 25, 24, 17]) {
  dynptrs(`a byte written at -${at} destroys both halves and the slices`, () => {
    const path = new HandPath();
    put(path, 0);
    path.run(`*(u8 *)(r10 - ${at}) = 1`);
    assert.is(path.state.frame.slot(3).dynptr, undefined);
    assert.is(path.state.frame.slot(2).dynptr, undefined);
    assert.is(path.get(6).kind, 'scalar');
    assert.is(refusal(() => path.run('r0 = *(u8 *)(r6 + 0)')).code, 'BPF-V029');
    path.run('r7 = *(u64 *)(r10 - 8)');
    assert.is(path.get(7).kind, 'scalar');
    const other = at > 24 ? 24 : 32;
    assert.is(refusal(() => path.run(`r0 = *(u8 *)(r10 - ${other})`)).code, 'BPF-V021');
  });
}
dynptrs('one that must be released is not overwritten', () => {
  const prepare = (path: HandPath) => {
    put(path, 9);
    path.state.references = [{ id: 9, kind: 'dynptr', at: 0, frame: 0 }];
  };
  refused('*(u8 *)(r10 - 24) = 1', 'V047', /must be submitted or discarded/, prepare);
  refused('*(u8 *)(r2 + 32) = 1', 'V047', /must be submitted/, (path) => {
    prepare(path);
    index(0, 7)(path);
  });
});
dynptrs('helpers do not write over them', () => {
  const path = new HandPath();
  put(path, 0);
  path.run('r2 = r10; r2 += -40');
  const said = refusal(() => checkMemory(path, 2, 9, { read: false, write: true }));
  assert.is(said.code, 'BPF-V047');
  assert.is(refusal(() => checkMemory(path, 2, 9, { read: true, write: false })).code, 'BPF-V021');
});
dynptrs('a store beside them is nothing to them', () => {
  const path = new HandPath();
  put(path, 0);
  path.run('*(u64 *)(r10 - 16) = 1; *(u64 *)(r10 - 40) = 1');
  assert.is(path.state.frame.slot(3).dynptr?.id, 7);
  assert.is(path.get(6).kind, 'pointer');
});
dynptrs.run();
