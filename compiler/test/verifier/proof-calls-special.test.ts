/** Spin locks and timers, as far as the corpus has no cases: what is told apart, and what callbacks get. */
import { test } from 'uvu';
import { parseBtf } from '../../src/btf/index.ts';
import type { BpfObject } from '../../src/object/index.ts';
import { BtfBuilder } from '../btf/builder.ts';
import { accepts, rejects } from './proof-calls-verdict.ts';

/** Types with a lock, a timer, and their structures. */
function specialTypes() {
  const types = new BtfBuilder();
  const int = types.int('int', 4);
  const lock = types.struct('bpf_spin_lock', 4, [['val', int, 0]]);
  const long = types.int('long', 8);
  const words = types.array(long, int, 2);
  const timer = types.struct('bpf_timer', 16, [['opaque', words, 0]]);
  const locked = types.struct('locked', 12, [
    ['a', int, 0],
    ['lock', lock, 32],
    ['b', int, 64],
  ]);
  const timed = types.struct('timed', 24, [
    ['timer', timer, 0],
    ['count', long, 128],
  ]);
  return { btf: parseBtf(types.bytes(), 'types'), locked, timed };
}

function withSpecialTypes(object: BpfObject): BpfObject {
  const { btf, locked, timed } = specialTypes();
  const typed = object.maps.map((map) => ({
    ...map,
    valueType: map.name.startsWith('locks') ? locked : timed,
  }));
  return { ...object, btf, maps: typed };
}

const LOCKS = `program tc
  map locks array key 4 value 12 entries 1
  map locks2 array key 4 value 12 entries 1
`;

test('states that hold the locks of different maps are different', () => {
  const text = (unlocked: string) => `${LOCKS}
    r6 = *(u32 *)(r1 + 0)
    r7 = map_value ${unlocked} + 4 ll
    if r6 == 0 goto l1
    r1 = map_value locks + 4 ll; call spin_lock; goto l2
    l1: r1 = map_value locks2 + 4 ll; call spin_lock
    l2: r8 = 0; r8 = 1; r8 = 2; r8 = 3; r8 = 4; r8 = 5; r8 = 6; r8 = 7
    goto l3
    l3: r1 = r7; call spin_unlock
    r0 = 0; exit`;
  rejects(/^BPF-V038 .*another lock/, text('locks'), withSpecialTypes);
  rejects(/^BPF-V038 .*another lock/, text('locks2'), withSpecialTypes);
});

test('elements of for_each are not the same by name', () => {
  // The outer element is locked, the inner one unlocked.
  rejects(
    /^BPF-V038 /,
    `${LOCKS}
    *(u64 *)(r10 - 8) = 0
    r1 = map locks ll; r2 = function outer ll; r3 = 0; r4 = 0
    call for_each_map_elem
    r0 = 0; exit
    static outer:
    *(u64 *)(r10 - 8) = r3
    r1 = map locks ll; r2 = function inner ll; r3 = r10; r3 += -8; r4 = 0
    call for_each_map_elem
    r0 = 0; exit
    static inner:
    r6 = *(u64 *)(r4 + 0); r7 = r3
    r1 = r6; r1 += 4; call spin_lock
    r1 = r7; r1 += 4; call spin_unlock
    r0 = 0; exit`,
    withSpecialTypes,
  );
});

const TIMER = `program tc
  map timers array key 4 value 24 entries 4
  map others array key 4 value 24 entries 4
  *(u64 *)(r10 - 8) = 0; r1 = map timers ll; r2 = r10; r2 += -8
  call map_lookup_elem
  if r0 == 0 goto out
  r6 = r0
  `;
const started = (callback: string) => `${TIMER}
  r1 = r6; r2 = map timers ll; r3 = 1; call timer_init
  r1 = r6; r2 = function cb ll; call timer_set_callback
  r1 = r6; r2 = 100; r3 = 0; call timer_start
  out: r0 = 0; exit
  static cb:
  ${callback}`;

test('timers', () => {
  accepts(started('r0 = 0; exit'), withSpecialTypes);
  rejects(/^BPF-V045 .*must return 0, but may return 1/, started('r0 = 1; exit'), withSpecialTypes);
  // The callback gets the map, the key and the value, and may start itself again.
  accepts(
    started(`r0 = *(u32 *)(r2 + 0); r1 = 5; *(u64 *)(r3 + 16) = r1
      r6 = r3; r1 = r6; r2 = function cb ll; call timer_set_callback
      r1 = r6; r2 = 100; r3 = 0; call timer_start
      r0 = 0; exit`),
    withSpecialTypes,
  );
  rejects(/^BPF-V024 /, started('*(u64 *)(r3 + 24) = 1; r0 = 0; exit'), withSpecialTypes);
  rejects(/^BPF-V054 /, started('*(u64 *)(r3 + 8) = 1; r0 = 0; exit'), withSpecialTypes);
  rejects(
    /^BPF-V033 .*the map whose value holds the timer/,
    `${TIMER}r1 = r6; r2 = map others ll; r3 = 1; call timer_init\nout: r0 = 0; exit`,
    withSpecialTypes,
  );
  rejects(
    /^BPF-V033 .*the struct bpf_timer is at offset 0/,
    `${TIMER}r1 = r6; r1 += 16; call timer_cancel\nout: r0 = 0; exit`,
    withSpecialTypes,
  );
  rejects(
    /^BPF-V052 .*its values have a timer/,
    `${TIMER.replace('program tc', 'program kprobe')}out: r0 = 0; exit`,
    withSpecialTypes,
  );
});

test('without BTF there is no lock to take', () => {
  rejects(
    /^BPF-V038 .*have no struct bpf_spin_lock/,
    `${LOCKS}
    r1 = map_value locks + 4 ll; call spin_lock; r0 = 0; exit`,
  );
});

test('stack of what runs at once and later', () => {
  const frames = (bytes: number, nested: string) => `program tc
    *(u64 *)(r10 - ${bytes}) = 0
    r1 = 1; r2 = function cb ll; r3 = 0; r4 = 0
    call loop
    r0 = 0; exit
    static cb:
    *(u64 *)(r10 - ${bytes}) = 0
    ${nested}
    r0 = 0; exit`;
  accepts(frames(256, ''));
  rejects(/^BPF-V042 .*544 bytes/, frames(264, ''));
  const later = started('*(u64 *)(r10 - 512) = 0; r0 = 0; exit').replace(
    '*(u64 *)(r10 - 8) = 0;',
    '*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 512) = 0;',
  );
  accepts(later, withSpecialTypes);
});

test.run();
