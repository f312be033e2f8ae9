/**
 * Each helper with right arguments, and with one of them replaced by every other kind of value or every
 * type of map: our verdict beside the kernel's.
 */
import { release } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { askKernel } from '../../src/kernel/index.ts';
import type { ProgramKind } from '../../src/object/index.ts';
import {
  type ArgumentKind,
  contextLayout,
  type Helper,
  helpers,
  prove,
} from '../../src/verifier/index.ts';
import { type CorpusCase, parseCorpus } from '../support/corpus.ts';

const KERNEL = '6.18';

const MAPS: Readonly<Record<string, string>> = {
  arr: 'array key 4 value 16 entries 1',
  h: 'hash key 4 value 16 entries 4',
  parr: 'percpu_array key 4 value 16 entries 4',
  ring: 'ringbuf key 0 value 0 entries 4096',
  uring: 'user_ringbuf key 0 value 0 entries 4096',
  progs: 'prog_array key 4 value 4 entries 4',
  events: 'perf_event_array key 4 value 4 entries 4',
  stacks: 'stack_trace key 4 value 64 entries 4',
  queue: 'queue key 0 value 16 entries 4',
  bloom: 'bloom_filter key 0 value 16 entries 4',
  lpm: 'lpm_trie key 8 value 16 entries 4 flags 1',
  lru: 'lru_hash key 4 value 16 entries 4',
  dev: 'devmap key 4 value 4 entries 4',
  cpu: 'cpumap key 4 value 4 entries 2',
  xsk: 'xskmap key 4 value 4 entries 4',
  outer: 'array_of_maps key 4 value 4 entries 4 inner array key 4 value 16 entries 4',
  fixed: 'array key 4 value 16 entries 4 flags 128',
};

/** The map that a helper is for, where it does not work on arrays. */
const FITTING: Readonly<Record<number, string>> = {
  12: 'progs',
  22: 'events',
  25: 'events',
  27: 'stacks',
  51: 'dev',
  55: 'events',
  87: 'queue',
  88: 'queue',
  89: 'queue',
  130: 'ring',
  131: 'ring',
  134: 'ring',
  195: 'parr',
  198: 'ring',
  209: 'uring',
};

/** Kinds of values, as code that puts one in a register. */
const VALUES: Readonly<Record<string, (register: string) => string>> = {
  null: (r) => `${r} = 0`,
  eight: (r) => `${r} = 8`,
  sixteen: (r) => `${r} = 16`,
  'a thousand': (r) => `${r} = 1000`,
  '32 bits': (r) => `${r} = *(u32 *)(r6 + 0)`,
  '64 bits': (r) => `${r} = r7`,
  '0 to 15': (r) => `${r} = *(u32 *)(r6 + 0); ${r} &= 15`,
  '1 to 16': (r) => `${r} = *(u32 *)(r6 + 0); ${r} &= 15; ${r} += 1`,
  '-1': (r) => `${r} = -1`,
  context: (r) => `${r} = r6`,
  'moved context': (r) => `${r} = r6; ${r} += 8`,
  stack: (r) => `${r} = r10; ${r} += -64`,
  'eight bytes of stack': (r) => `${r} = r10; ${r} += -8`,
  'odd stack': (r) => `${r} = r10; ${r} += -60`,
  map: (r) => `${r} = map arr ll`,
  value: (r) => `${r} = map_value arr + 0 ll`,
  'half a value': (r) => `${r} = map_value arr + 8 ll`,
  'value or null': (r) => `${r} = r9`,
  packet: (r) => `${r} = r8`,
  function: (r) => `${r} = function cb ll`,
  constants: (r) => `${r} = data .rodata + 0 ll`,
  dynptr: (r) => `${r} = r10; ${r} += -80`,
  'half a dynptr': (r) => `${r} = r10; ${r} += -72`,
  nothing: () => '',
};

const NUMBERS = ['sixteen', 'a thousand', '32 bits', '0 to 15', '1 to 16', '-1'];
const SIZES = [...NUMBERS, 'null', '64 bits', 'stack', 'value or null', 'nothing'];
const POINTERS = Object.keys(VALUES).filter((name) => !NUMBERS.includes(name));

const RIGHT: Readonly<Partial<Record<ArgumentKind, string>>> = {
  ANYTHING: 'eight',
  CTX: 'context',
  MAP_KEY: 'stack',
  MAP_VALUE: 'stack',
  UNINIT_MAP_VALUE: 'stack',
  MEM_RDONLY: 'stack',
  MEM_RDONLY_OR_NULL: 'stack',
  MEM_UNINIT: 'stack',
  MEM_UNINIT_OR_NULL: 'stack',
  MEM: 'value',
  MEM_OR_NULL: 'stack',
  SIZE: 'eight',
  SIZE_OR_ZERO: 'eight',
  CONST_ALLOC_SIZE: 'eight',
  CONST_STR: 'constants',
  LONG_PTR: 'stack',
  FUNC: 'function',
  STACK_OR_NULL: 'stack',
  DYNPTR: 'dynptr',
  DYNPTR_RDONLY: 'dynptr',
  DYNPTR_UNINIT: 'stack',
};

const KINDS: readonly ProgramKind[] = ['tc', 'kprobe', 'xdp'];

/** Helpers that ours allows and this kernel may not: its administrator decides. */
const OUTSIDE = new Set([36, 58]);

const PACKET: Readonly<Partial<Record<ProgramKind, string>>> = {
  tc: 'r8 = *(u32 *)(r6 + 76); r3 = *(u32 *)(r6 + 80); r2 = r8; r2 += 32; if r2 > r3 goto out',
  xdp: 'r8 = *(u32 *)(r6 + 0); r3 = *(u32 *)(r6 + 4); r2 = r8; r2 += 32; if r2 > r3 goto out',
  kprobe: 'r8 = 0',
};

/** What the kernel accepts and ours does not. */
const DIFFERENT = new Set([
  // The size of a slice is 32 bits there: -1 is 4 GiB.
  'dynptr_data, argument 3: -1',
  // It takes no notice of the flags, a helper of ours is given them.
  'get_branch_snapshot, argument 3: nothing',
  // It leaves it to the helper to look whether what has a size is null.
  'csum_diff, argument 1: value or null',
  'csum_diff, argument 3: value or null',
  'snprintf, argument 1: value or null',
  'snprintf, argument 4: value or null',
  'trace_vprintk, argument 3: value or null',
]);

/** Sets up what the kinds of values need: all of the stack written, a dynptr, the packet. */
function prologue(kind: ProgramKind): string {
  const stores = Array.from({ length: 16 }, (_, index) => `*(u64 *)(r10 - ${8 * (index + 1)}) = 0`);
  return [
    'r6 = r1',
    ...stores,
    'r1 = map h ll; r2 = r10; r2 += -64; call map_lookup_elem; r9 = r0',
    'r1 = map_value arr + 0 ll; r2 = 16; r3 = 0; r4 = r10; r4 += -80; call dynptr_from_mem',
    PACKET[kind],
    'call ktime_get_ns; r7 = r0; if r7 == 1 goto out',
  ].join('\n');
}

interface Attempt {
  readonly helper: Helper;
  readonly kind: ProgramKind;
  readonly what: string;
  readonly arguments: readonly string[];
}

function attemptsOf(helper: Helper): Attempt[] {
  const kind = KINDS.find((one) => contextLayout(one, 'x86-64')?.helpers.has(helper.number));
  // What is acquired would have to be released; locks and timers need types.
  const known = helper.arguments.every(
    (one) => one === 'CONST_MAP_PTR' || RIGHT[one] !== undefined,
  );
  if (kind === undefined || !known || helper.support === 'refused' || OUTSIDE.has(helper.number)) {
    return [];
  }
  const map = `@${FITTING[helper.number] ?? 'arr'}`;
  const right = helper.arguments.map((one) => (one === 'CONST_MAP_PTR' ? map : RIGHT[one]!));
  const attempts: Attempt[] = [{ helper, kind, what: 'right', arguments: right }];
  helper.arguments.forEach((one, position) => {
    const others =
      one === 'CONST_MAP_PTR'
        ? ['nothing', 'null', 'stack', 'value', ...Object.keys(MAPS).map((name) => `@${name}`)]
        : one === 'ANYTHING'
          ? ['nothing', 'null', 'context']
          : one.startsWith('SIZE') || one === 'CONST_ALLOC_SIZE'
            ? SIZES
            : POINTERS;
    for (const value of others) {
      if (value === right[position] || (value === 'packet' && kind === 'kprobe')) continue;
      const given = right.with(position, value);
      attempts.push({ helper, kind, what: `argument ${position + 1}: ${value}`, arguments: given });
    }
  });
  return attempts;
}

function programOf(attempt: Attempt, name: string): string {
  const code = attempt.arguments.map((value, index) => {
    const register = `r${index + 1}`;
    return value.startsWith('@')
      ? `${register} = map ${value.slice(1)} ll`
      : VALUES[value]!(register);
  });
  const callback = attempt.arguments.includes('function') ? 'static cb:\nr0 = 0\nexit\n' : '';
  return [
    `== ${name}: accept\n# generated\nprogram ${attempt.kind}`,
    prologue(attempt.kind),
    ...code,
    `call ${attempt.helper.name}`,
    `out: r0 = 0\nexit\n${callback}`,
  ].join('\n');
}

const attempts = [...helpers().values()].flatMap(attemptsOf);

function cases(): readonly CorpusCase[] {
  const maps = Object.entries(MAPS).map(([name, text]) => `map ${name} ${text}`);
  const head = `${maps.join('\n')}\ndata .rodata rodata "text %d\\u0000\\u0000"\n`;
  return parseCorpus(
    'arguments',
    head + attempts.map((attempt, index) => programOf(attempt, `case-${index}`)).join('\n'),
  );
}

test('a helper with right arguments is accepted, unless it hands out what must be released', () => {
  const all = cases();
  const refused: string[] = [];
  attempts.forEach(({ helper, what }, index) => {
    if (what !== 'right') return;
    const [proof] = prove(all[index]!.object, {});
    if (proof!.verdict === 'rejected') refused.push(`${helper.name} ${proof!.rejection!.code}`);
  });
  assert.equal(refused, ['ringbuf_reserve BPF-V036', 'ringbuf_reserve_dynptr BPF-V036']);
});

test('wrong arguments have codes of calls, and the kernel agrees', () => {
  const all = cases();
  const asked = askKernel(all[0]!.object, { program: 0, logLevel: 0 });
  const silent = asked.verdict === 'unavailable' || !release().startsWith(`${KERNEL}.`);
  if (silent) console.log(`skip: verdicts of Linux ${KERNEL}: ${asked.reason ?? release()}`);
  const wrong: string[] = [];
  let rejected = 0;
  attempts.forEach(({ helper, kind, what }, index) => {
    const object = { ...all[index]!.object, ptRegs: 'x86-64' as const };
    const [proof] = prove(object, {});
    const ours = proof!.verdict === 'proved';
    const name = `${helper.name} in ${kind}, ${what}`;
    if (!ours) {
      rejected++;
      const { code, help } = proof!.rejection!;
      if (!/^BPF-V0(2[0-9]|3[0-9]|4[67]|52)$/.test(code)) wrong.push(`${name}: ${code}`);
      if (help === undefined) wrong.push(`${name}: ${code} without help`);
    }
    if (silent) return;
    const answer = askKernel(object, { program: 0, logLevel: 0 });
    const theirs = answer.verdict === 'accepted';
    if (ours === theirs || DIFFERENT.has(`${helper.name}, ${what}`)) return;
    wrong.push(`${name}: ours ${ours}, the kernel's ${theirs}: ${answer.log.slice(-300)}`);
  });
  console.log(`${attempts.length} calls, ${rejected} of them wrong`);
  assert.ok(rejected > 1000);
  assert.is(wrong.length, 0, `\n${wrong.slice(0, 40).join('\n')}\n`);
});

test.run();
