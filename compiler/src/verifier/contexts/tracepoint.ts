import type { BpfProgram } from '../../object/index.ts';
import type { ContextField, ContextLayout } from '../types.ts';
import { allowedHelpers } from './allowed.ts';
import { ANY_SIZE, plainField } from './fields.ts';
import { syscallArguments } from './syscalls.ts';

/** Longest record of a tracepoint. */
const MAXIMUM_RECORD = 8192;
/** The common header, which programs do not get to see. */
const HEADER = 8;
/** Of the number of a system call; what its record holds besides starts at `FIRST_VALUE`. */
const NUMBER = 8;
const FIRST_VALUE = 16;
const MOST_ARGUMENTS = 6;

/** probe_write_user, which the kernel has too but hides behind lockdown. */
const EXTRA = [36];

let made: ContextLayout | undefined;

/**
 * The record of a tracepoint: 8 bytes of header, then what its format says, which nobody knows here: any
 * aligned read behind the header. The kernel compares with the format when it attaches the program.
 */
export function tracepoint(): ContextLayout {
  made ??= {
    kind: 'tracepoint',
    name: 'the record of the tracepoint',
    access: 'memory',
    fields: [],
    areas: [{ start: HEADER, end: MAXIMUM_RECORD, loads: ANY_SIZE }],
    areasHelp: 'the first 8 bytes of a record, its common header, cannot be read',
    helpers: allowedHelpers('tracepoint', EXTRA),
    packet: 'none',
    legacyLoads: false,
    tailCalls: true,
    spinLocks: false,
    timers: false,
    maySleep: false,
    memoryWithLength: false,
  };
  return made;
}

/**
 * Records of system calls, `syscalls/sys_enter_NAME` and `syscalls/sys_exit_NAME`: the number at 8 (4 bytes
 * in the format, but programs read 8, which must be there), at 16 the arguments or the result, 8 bytes each.
 */
export function tracepointOf(program: BpfProgram): ContextLayout {
  const layout = tracepoint();
  const match = /^syscalls\/sys_(enter|exit)_(\w+)$/.exec(program.attach.target);
  if (match === null) return layout;
  const [, moment, call] = match;
  const values = moment === 'exit' ? 1 : (syscallArguments(call!) ?? MOST_ARGUMENTS);
  const size = FIRST_VALUE + 8 * values;
  const name = (index: number) => (moment === 'exit' ? 'ret' : `args[${index}]`);
  const fields: ContextField[] = [plainField('nr', NUMBER, 8)];
  for (let index = 0; index < values; index++) {
    fields.push(plainField(name(index), FIRST_VALUE + 8 * index, 8));
  }
  return {
    ...layout,
    name: `the record of sys_${moment}_${call}`,
    size,
    fields,
    areas: [{ start: HEADER, end: size, loads: ANY_SIZE }],
    areasHelp:
      moment === 'exit'
        ? 'the number is at offset 8, the result at 16, 8 bytes each'
        : `the number is at offset 8; ${values === 0 ? 'the system call has no arguments' : `the ${values === 1 ? 'only argument is' : `${values} arguments start`} at 16, 8 bytes each`}`,
  };
}
