import type { BpfProgram } from '../../object/index.ts';
import type { ContextField, ContextLayout } from '../types.ts';
import { allowedHelpers } from './allowed.ts';
import { ANY_SIZE, plainField } from './fields.ts';
import { syscallArguments } from './syscalls.ts';
import { PROBE_WRITE_USER, TRACING_RULES } from './tracing.ts';

/** Longest record of a tracepoint. */
const MAXIMUM_RECORD = 8192;
/** The common header, which programs do not get to see. */
const HEADER = 8;
/** Of the number of a system call; what its record holds besides starts at `FIRST_VALUE`. */
const NUMBER = 8;
const FIRST_VALUE = 16;
const MOST_ARGUMENTS = 6;

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
    helpers: allowedHelpers('tracepoint', [PROBE_WRITE_USER]),
    ...TRACING_RULES,
  };
  return made;
}

/** What a record of a system call holds behind the number: its arguments, or its one result. */
interface SyscallRecord {
  readonly name: string;
  readonly values: number;
  readonly exit: boolean;
}

function syscallRecord(target: string): SyscallRecord | undefined {
  const match = /^(?:raw_syscalls\/sys_(enter|exit)|syscalls\/sys_(enter|exit)_(\w+))$/.exec(
    target,
  );
  if (match === null) return undefined;
  const [, all, one, call] = match;
  const exit = (all ?? one) === 'exit';
  const known = call === undefined ? undefined : syscallArguments(call);
  return {
    name: target.slice(target.indexOf('/') + 1),
    values: exit ? 1 : (known ?? MOST_ARGUMENTS),
    exit,
  };
}

function placesOf({ values, exit }: SyscallRecord): string {
  if (exit) return 'the number is at offset 8, the result at 16, 8 bytes each';
  if (values === 0) return 'the number is at offset 8; the system call has no arguments';
  const what = values === 1 ? 'the only argument is' : `the ${values} arguments start`;
  return `the number is at offset 8; ${what} at 16, 8 bytes each`;
}

/**
 * Records of system calls, `syscalls/sys_enter_NAME` and `syscalls/sys_exit_NAME`, and `raw_syscalls/sys_enter`
 * and `raw_syscalls/sys_exit` of all of them: the number at 8 (4 bytes in the first two formats, but programs
 * read 8, which must be there), at 16 the arguments or the result, 8 bytes each.
 */
export function tracepointOf(program: BpfProgram): ContextLayout {
  const layout = tracepoint();
  const record = syscallRecord(program.attach.target);
  if (record === undefined) return layout;
  const size = FIRST_VALUE + 8 * record.values;
  const fields: ContextField[] = [plainField('nr', NUMBER, 8)];
  for (let index = 0; index < record.values; index++) {
    const name = record.exit ? 'ret' : `args[${index}]`;
    fields.push(plainField(name, FIRST_VALUE + 8 * index, 8));
  }
  return {
    ...layout,
    name: `the record of ${record.name}`,
    size,
    fields,
    areas: [{ start: HEADER, end: size, loads: ANY_SIZE }],
    areasHelp: placesOf(record),
  };
}
