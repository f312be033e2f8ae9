import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CollectingSink, Failure } from '../../src/diag/index.ts';
import { analyse } from '../../src/verifier/index.ts';
import { asm, type Draft, makeObject, type ObjectParts } from '../support/object.ts';

const EXIT = [asm.movI(0, 0), asm.exit];

/** What cannot be compiled even where the user answers for memory safety. */
function refusal(parts: ObjectParts): string {
  try {
    analyse(makeObject(parts), { skip: true }, new CollectingSink());
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    assert.ok(failure.diagnostic.place, 'a refusal has a place');
    return `${failure.diagnostic.code} ${failure.diagnostic.place.offset}: ${failure.diagnostic.message}`;
  }
  return 'accepted';
}

function one(...code: Draft[]): ObjectParts {
  return { functions: [code] };
}

const poison: Draft = { kind: 'poison', reason: 'field gone of struct task does not exist' };

test('poison is refused where it is reached, and only there', () => {
  assert.is(refusal(one(poison)), 'BPF-V001 0: field gone of struct task does not exist');
  assert.is(refusal(one(asm.movI(1, 0), asm.branchI('eq', 1, 0, 3), poison, ...EXIT)), 'accepted');
  assert.match(refusal(one(asm.branchI('eq', 1, 0, 2), poison, ...EXIT)), /^BPF-V001 8:/);
});

test('code must end', () => {
  assert.match(refusal(one(asm.movI(0, 0))), /^BPF-V002 0: control runs past the end of f0/);
  assert.match(refusal(one(asm.movI(0, 0), asm.branchI('eq', 0, 0, 0))), /^accepted/);
  assert.match(refusal(one(asm.movI(0, 0), asm.branchI('eq', 0, 1, 0))), /^BPF-V002 8/);
});

test('helpers that do not exist or need the kernel are named', () => {
  assert.match(refusal(one(asm.helper(9999), ...EXIT)), /^BPF-V003 0: .* number 9999$/);
  assert.match(
    refusal(one(asm.movI(1, 0), asm.helper(86), ...EXIT)),
    /^BPF-V004 8: helper bpf_sk_release .*socket inside the kernel$/,
  );
  const kernel: Draft = { kind: 'call_kernel', btfId: 77, btfFd: 0 };
  assert.match(refusal(one(kernel, ...EXIT)), /^BPF-V006 0: .*BTF id 77/);
});

test('calls through registers need a known callee', () => {
  const callx: Draft = { kind: 'call_register', register: 1 };
  assert.match(refusal(one(callx, ...EXIT)), /^BPF-V007 0:/);
  assert.is(refusal(one(asm.movI(1, 5), callx, ...EXIT)), 'accepted');
  assert.match(refusal(one(asm.movI(1, 86), callx, ...EXIT)), /^BPF-V004 8/);
  const object = makeObject({
    functions: [[asm.refer(1, { kind: 'function', function: 1 }), callx, ...EXIT], EXIT],
  });
  const { functions } = analyse(object, { skip: true }, new CollectingSink());
  assert.equal(functions[0]!.registerCall(1), { kind: 'function', function: 1 });
  assert.ok(functions[1]!.before(0));
});

test('kinds of programs that are not supported are named', () => {
  assert.match(
    refusal({ functions: [EXIT], kind: 'other' }),
    /^BPF-V005 0: .*'made'.*program main/,
  );
});

test('tail calls belong to the program itself', () => {
  const tail = [asm.map(2, 0), asm.movI(3, 0), asm.helper(12), ...EXIT];
  const maps = [{ typeName: 'prog_array', type: 3 }];
  assert.is(refusal({ functions: [tail], maps }), 'accepted');
  assert.match(
    refusal({ functions: [[asm.call(1), ...EXIT], tail], maps }),
    /^BPF-V008 16: bpf_tail_call in f1/,
  );
});

test('eight frames are allowed, nine are not, endless ones even less', () => {
  const chain = (frames: number) =>
    Array.from({ length: frames }, (_, index) =>
      index + 1 < frames ? [asm.call(index + 1), ...EXIT] : EXIT,
    );
  assert.is(refusal({ functions: chain(8) }), 'accepted');
  assert.match(refusal({ functions: chain(9) }), /^BPF-V009 0: calls are nested 9 functions/);
  assert.match(refusal(one(asm.call(0), ...EXIT)), /^BPF-V011 0: function f0 calls itself/);
});

test('a callback counts as a call, except that of a timer', () => {
  const self = (helper: number, position: number): Draft[] => [
    ...[1, 2, 3, 4].map((register) => asm.movI(register, 0)),
    asm.refer(position, { kind: 'function', function: 0 }),
    asm.helper(helper),
    ...EXIT,
  ];
  assert.match(refusal(one(...self(181, 2))), /^BPF-V011/);
  assert.is(refusal(one(...self(170, 2))), 'accepted');
});

test('r10 cannot be written', () => {
  assert.match(refusal(one(asm.movI(10, 0), ...EXIT)), /^BPF-V012 0/);
});

test('fields of packet contexts are checked by name', () => {
  const load = (offset: number, size: 1 | 2 | 4 | 8 = 4): ObjectParts => ({
    functions: [[asm.load(2, size, 1, offset), ...EXIT]],
    kind: 'tc',
  });
  assert.is(refusal(load(76)), 'accepted');
  assert.is(refusal(load(17, 1)), 'accepted');
  assert.match(
    refusal(load(152, 8)),
    /^BPF-V014 0: tstamp of struct __sk_buff is not known outside/,
  );
  assert.match(
    refusal(load(78)),
    /^BPF-V014 0: 4 bytes at offset 78 of struct __sk_buff are no field/,
  );
  const write = (offset: number): ObjectParts => ({
    functions: [[asm.storeI(4, 1, offset, 1), ...EXIT]],
    kind: 'tc',
  });
  assert.is(refusal(write(8)), 'accepted');
  assert.match(refusal(write(0)), /^BPF-V014 0: field len of struct __sk_buff is read-only/);
  const varying: Draft[] = [
    asm.load(2, 4, 1, 12),
    asm.aluR('add', 1, 2),
    asm.load(2, 4, 1, 0),
    ...EXIT,
  ];
  assert.match(refusal({ functions: [varying], kind: 'xdp' }), /^BPF-V014 16: .*varies/);
});

test('a packet context that got out of sight makes unknown accesses ambiguous', () => {
  const code: Draft[] = [
    asm.map(6, 0),
    asm.refer(6, { kind: 'map_value', map: 0, offset: 0 }),
    asm.storeR(8, 6, 0, 1),
    asm.load(7, 8, 6, 0),
    asm.load(0, 4, 7, 0),
    asm.exit,
  ];
  assert.match(refusal({ functions: [code], kind: 'xdp', maps: [{}] }), /^BPF-V015 32/);
  assert.is(refusal({ functions: [code], kind: 'tracepoint', maps: [{}] }), 'accepted');
});

test('maps are not accessed as memory', () => {
  const code = [asm.map(1, 0), asm.load(0, 8, 1, 0), asm.exit];
  assert.match(refusal({ functions: [code], maps: [{}] }), /^BPF-V016 8/);
});

test.run();
