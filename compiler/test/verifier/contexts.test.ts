import { closeSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bpfKernel } from '../../src/codegen/index.ts';
import type { BpfProgram, ProgramKind } from '../../src/object/index.ts';
import { hostTarget } from '../../src/target/index.ts';
import { kernelAllows } from '../../src/verifier/contexts/allowed.ts';
import {
  contextAccess,
  contextLayout,
  fieldAt,
  programContext,
} from '../../src/verifier/contexts/index.ts';
import type { ContextLayout } from '../../src/verifier/index.ts';
import { findHelper } from '../../src/verifier/index.ts';
import { lowerFor, missingTool, runWithC } from '../lower/native.ts';
import { asm, makeObject } from '../support/object.ts';

type Kind = Exclude<ProgramKind, 'other' | 'raw'>;

/** BPF_PROG_TYPE_* and how far to look. */
const TYPES: Readonly<Record<Kind, { readonly type: number; readonly end: number }>> = {
  kprobe: { type: 2, end: 176 },
  tracepoint: { type: 5, end: 48 },
  raw_tracepoint: { type: 17, end: 104 },
  perf_event: { type: 7, end: 192 },
  xdp: { type: 6, end: 32 },
  socket_filter: { type: 1, end: 200 },
  tc: { type: 3, end: 200 },
};
const KINDS = Object.keys(TYPES) as Kind[];

function program(kind: ProgramKind, type: string, target = '', sleepable = false): BpfProgram {
  const attach = { section: `${type}/${target}`, type, target, optional: false, sleepable };
  return { index: 0, name: 'p', kind, attach, entry: 0 };
}

function instruction(opcode: number, destination = 0, source = 0, offset = 0, immediate = 0) {
  const bytes = Buffer.alloc(8);
  bytes[0] = opcode;
  bytes[1] = destination | (source << 4);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}

const ZERO_AND_EXIT = [instruction(0xb7), instruction(0x95)];

/** The kernel's log when it refuses the program; undefined when it takes it. */
function refused(type: number, code: readonly Buffer[], expectedAttachType = 0) {
  const instructions = new Uint8Array(Buffer.concat(code));
  try {
    closeSync(bpfKernel().progLoad({ type, instructions, license: 'GPL', expectedAttachType }));
    return undefined;
  } catch (error) {
    const { log } = error as { readonly log?: string };
    if (log === undefined) throw error;
    return log;
  }
}

const kernelHere = (() => {
  if (process.arch !== 'x64') return false;
  try {
    return refused(1, ZERO_AND_EXIT) === undefined;
  } catch {
    return false;
  }
})();
if (!kernelHere) {
  console.log('skip: contexts against the kernel: no right to use bpf(2), or not on x86-64');
}

const SIZE_BITS: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };
type How = 'load' | 'signed load' | 'store';
const OPCODES: Readonly<Record<How, number>> = { load: 0x61, 'signed load': 0x81, store: 0x63 };

/**
 * Where ours and the kernel's (Linux 6.18) verdicts differ on purpose, with who allows it. The key is
 * kind and how, the value the offsets.
 */
function differs(kind: Kind, how: How, offset: number): 'ours' | 'theirs' | undefined {
  // The kernel lets programs read the bytes before a record: it compares offsets as unsigned numbers.
  if (kind === 'tracepoint' && how !== 'store' && offset < 0) return 'theirs';
  // Given by the kernel to programs behind a redirection only (expected_attach_type).
  if (kind === 'xdp' && how !== 'store' && offset === 20) return 'ours';
  // Socket filters see the packet here.
  if (kind === 'socket_filter' && how === 'load' && (offset === 76 || offset === 80)) return 'ours';
  return undefined;
}

for (const kind of KINDS) {
  (kernelHere ? test : test.skip)(`${kind}: each access is judged as by the kernel`, () => {
    const { type, end } = TYPES[kind];
    const layout = contextLayout(kind, 'x86-64')!;
    const wrong: string[] = [];
    let missing = 0;
    let explained = 0;
    for (const how of Object.keys(OPCODES) as How[]) {
      for (const size of how === 'signed load' ? [1, 2, 4] : [1, 2, 4, 8]) {
        const opcode = (OPCODES[how] & ~0x18) | SIZE_BITS[size]!;
        for (let offset = -8; offset < end; offset++) {
          const access =
            how === 'store' ? instruction(opcode, 1, 2, offset) : instruction(opcode, 0, 1, offset);
          const log = refused(type, [instruction(0xb7, 2), access, ...ZERO_AND_EXIT]);
          const ours = contextAccess(layout, offset, size, how === 'store', how === 'signed load');
          if (typeof ours === 'object' && ours.why === 'missing') {
            missing++;
            continue;
          }
          if ((ours === 'allowed') === (log === undefined)) continue;
          const who = ours === 'allowed' ? 'ours' : 'theirs';
          if (differs(kind, how, offset) === who) explained++;
          else wrong.push(`${how} of ${size} at ${offset}: only ${who} allows it`);
        }
      }
    }
    assert.equal(wrong, []);
    const most = { tracepoint: 30, xdp: 2, socket_filter: 2 } as Partial<Record<Kind, number>>;
    assert.ok(explained <= (most[kind] ?? 0), `${explained} differences`);
    assert.ok(missing === 0 || kind === 'tc' || kind === 'socket_filter');
  });

  (kernelHere ? test : test.skip)(`${kind}: what is returned is judged as by the kernel`, () => {
    for (const value of [0, 1, 2, 7, -1]) {
      const log = refused(TYPES[kind].type, [instruction(0xb7, 0, 0, 0, value), instruction(0x95)]);
      assert.is(log, undefined);
    }
    assert.is(contextLayout(kind, 'x86-64')!.returns, undefined);
  });
}

(kernelHere ? test : test.skip)('sessions return 0 or 1, as in the kernel', () => {
  const UPROBE_SESSION = 57;
  for (const value of [-1, 0, 1, 2]) {
    const code = [instruction(0xb7, 0, 0, 0, value), instruction(0x95)];
    const { returns } = programContext(program('kprobe', 'uprobe.session'), 'x86-64')!;
    const inside = value >= returns!.minimum && value <= returns!.maximum;
    assert.is(refused(2, code, UPROBE_SESSION) === undefined, inside);
  }
  assert.is(programContext(program('kprobe', 'uprobe'))!.returns, undefined);
});

(kernelHere ? test : test.skip)('helpers are allowed as by the kernel', () => {
  // One type is enough to notice a table that went stale; the script that writes it asks for all.
  for (const kind of ['kprobe', 'xdp'] as const) {
    for (let helper = 1; helper <= 211; helper++) {
      const code = [2, 3, 4, 5].map((register) => instruction(0xb7, register));
      code.push(instruction(0x85, 0, 0, 0, helper), ...ZERO_AND_EXIT);
      const log = refused(TYPES[kind].type, code) ?? '';
      const allowed = !/cannot use helper|invalid func|not supported for program type/.test(log);
      // Kernels differ in these by how they are built and locked down.
      if (allowed !== kernelAllows(kind).has(helper) && helper !== 36 && helper !== 58) {
        assert.unreachable(
          `${kind}, helper ${helper}: the kernel ${allowed ? 'allows' : 'refuses'} it`,
        );
      }
    }
  }
});

test('helpers: what the kernel allows, less what makes no sense here, plus the extras named', () => {
  const extras: Partial<Record<Kind, readonly number[]>> = {
    kprobe: [36, 58],
    tracepoint: [36],
    raw_tracepoint: [36],
    perf_event: [36],
  };
  for (const kind of KINDS) {
    const { helpers } = contextLayout(kind)!;
    for (const number of helpers) {
      assert.is.not(findHelper(number)!.support, 'refused');
      assert.ok(kernelAllows(kind).has(number) || extras[kind]!.includes(number));
    }
    for (const number of kernelAllows(kind)) {
      const expected = findHelper(number)!.support !== 'refused' && number !== 148;
      assert.is(helpers.has(number), expected, `${kind} ${number}`);
    }
  }
  assert.ok(contextLayout('raw')!.helpers.has(1));
  assert.not(contextLayout('raw')!.helpers.has(86));
});

test('only sleepable programs may call helpers that sleep', () => {
  const awake = programContext(program('kprobe', 'uprobe'))!;
  const sleeping = programContext(program('kprobe', 'uprobe.s', '', true))!;
  assert.not(awake.helpers.has(148));
  assert.ok(sleeping.helpers.has(148));
  assert.is(sleeping.helpers.size, awake.helpers.size + 1);
});

function allowedEnd(layout: ContextLayout): number {
  let end = 0;
  for (let offset = 0; offset < 128; offset += 8) {
    if (contextAccess(layout, offset, 8, false) === 'allowed') end = offset + 8;
  }
  return end;
}

test('records of system calls end with their last argument', () => {
  const end = (target: string) => allowedEnd(programContext(program('tracepoint', 'tp', target))!);
  assert.is(end('syscalls/sys_enter_openat'), 16 + 4 * 8);
  assert.is(end('syscalls/sys_enter_getpid'), 16);
  assert.is(end('syscalls/sys_enter_mmap'), 16 + 6 * 8);
  assert.is(end('syscalls/sys_enter_riscv_hwprobe'), 16 + 5 * 8);
  assert.is(end('syscalls/sys_enter_not_known_yet'), 16 + 6 * 8);
  assert.is(end('syscalls/sys_exit_openat'), 24);
  assert.is(end('raw_syscalls/sys_enter'), 16 + 6 * 8);
  assert.is(end('raw_syscalls/sys_exit'), 24);
  assert.is(end('sched/sched_switch'), 128);
  const layout = programContext(program('tracepoint', 'tp', 'syscalls/sys_enter_openat'))!;
  assert.is(fieldAt(layout, 24, 8)?.name, 'args[1]');
  assert.is(contextAccess(layout, 8, 4, false), 'allowed');
  const before = contextAccess(layout, 0, 8, false);
  assert.ok(typeof before === 'object' && before.why === 'outside');
  const beyond = contextAccess(layout, 48, 8, false);
  assert.match(typeof beyond === 'object' ? beyond.help! : '', /the 4 arguments start at 16/);
});

test('raw tracepoints of system calls have two arguments', () => {
  assert.is(allowedEnd(programContext(program('raw_tracepoint', 'raw_tp', 'sys_enter'))!), 16);
  assert.is(allowedEnd(programContext(program('raw_tracepoint', 'raw_tp', 'sched_switch'))!), 96);
});

test('registers: as many bytes as the CPU has, the most when it is not known', () => {
  const kprobe = program('kprobe', 'uprobe');
  const end = (cpu?: string) => {
    const layout = programContext(kprobe, cpu)!;
    assert.ok(layout.areas[0]!.end <= (layout.size ?? Number.POSITIVE_INFINITY));
    return layout.areas[0]!.end;
  };
  assert.is(end('x86-64'), 168);
  assert.is(end('arm64'), 272);
  assert.is(end('riscv64'), 256);
  assert.is(end(), 272);
  const beyond = contextAccess(programContext(kprobe)!, 272, 8, false);
  assert.match(typeof beyond === 'object' ? beyond.help! : '', /which CPU/);
});

test('refusals say what is wrong in words', () => {
  const say = (kind: ProgramKind, offset: number, size: number, write: boolean, signed = false) => {
    const answer = contextAccess(contextLayout(kind, 'x86-64')!, offset, size, write, signed);
    return answer === 'allowed' ? answer : `${answer.why}: ${answer.message}`;
  };
  assert.is(
    say('xdp', 0, 8, false),
    'size: field data of struct xdp_md cannot be read 8 bytes at a time',
  );
  assert.is(
    say('xdp', 12, 4, true),
    'read_only: field ingress_ifindex of struct xdp_md is read-only',
  );
  assert.is(
    say('xdp', 4, 4, false, true),
    'sign_extended: field data_end of struct xdp_md is a pointer: load it without sign extension',
  );
  assert.is(
    say('xdp', 24, 4, false),
    'outside: 4 bytes at offset 24 of struct xdp_md are no field',
  );
  assert.is(
    say('tc', 168, 8, false),
    'missing: sk of struct __sk_buff is not known outside the kernel',
  );
  assert.is(
    say('kprobe', 4, 8, false),
    'misaligned: offset 4 of struct pt_regs is no multiple of the 8 bytes accessed there',
  );
  assert.is(
    say('perf_event', 8, 4, false),
    'size: this part of struct bpf_perf_event_data can only be read 8 bytes at a time, not 4',
  );
  assert.is(say('tc', 56, 8, true), 'allowed');
  assert.is(
    say('tc', 64, 8, true),
    'size: field cb of struct __sk_buff cannot be written 8 bytes at a time',
  );
});

const host = hostTarget()?.name;
const lacking = host === undefined ? 'this CPU is no target' : missingTool(host);
if (lacking !== undefined) console.log(`skip: control block in native code: ${lacking}`);
(lacking === undefined ? test : test.skip)(
  'native code has all of the control block in one place',
  () => {
    const object = makeObject({
      kind: 'tc',
      functions: [
        [
          asm.movI(2, 5),
          asm.storeR(8, 1, 56, 2),
          asm.storeI(1, 1, 49, 3),
          asm.load(0, 8, 1, 48),
          asm.load(3, 4, 1, 56),
          asm.aluR('add', 0, 3),
          asm.exit,
        ],
      ],
    });
    const main = `
    #include <stdio.h>
    #include <bpftime/object.h>
    uint64_t made__main(void *, uint64_t);
    int main(void) {
      struct bpftime_packet packet = {0};
      packet.control_block[0] = 1;
      printf("%x ", (unsigned)made__main(&packet, 0));
      printf("%x %x", packet.control_block[0], packet.control_block[2]);
    }`;
    assert.is(runWithC([lowerFor(object, host!).bitcode], main, host!), '306 301 5');
  },
);

test.run();
