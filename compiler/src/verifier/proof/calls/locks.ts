/**
 * bpf_spin_lock() and bpf_spin_unlock(). One lock at a time, unlocked through a pointer to the same
 * element. While it is held nothing is called but static functions, and the program does not end.
 */
import type { BpfMap } from '../../../object/index.ts';
import { HELPER } from '../../helper-numbers.ts';
import type { Helper } from '../../helpers.ts';
import {
  type SpecialField,
  specialFieldsOfMap,
  specialFieldsOfSection,
} from '../memory/map-value-fields.ts';
import type { Path } from '../path.ts';
import type { PointerValue } from '../value.ts';
import { argumentName, describeValue } from './describe.ts';

/** An element with a special field, and that field. */
export interface FoundField {
  readonly pointer: PointerValue;
  /** Absent for global data. */
  readonly map: BpfMap | undefined;
  /** Names what holds the field. */
  readonly holder: string;
}

function fieldsAt(
  path: Path,
  { target }: PointerValue,
): { fields: readonly SpecialField[]; map: BpfMap | undefined; holder: string } | undefined {
  if (target.kind === 'map_value') {
    const { map } = target;
    return { fields: specialFieldsOfMap(path.object, map), map, holder: map.name };
  }
  if (target.kind === 'data') {
    const section = path.object.data[target.section]!;
    return {
      fields: specialFieldsOfSection(path.object, section),
      map: undefined,
      holder: section.name,
    };
  }
  return undefined;
}

/** Checks that a register points to a field of this C type in a map's value or in global data. */
export function specialField(
  path: Path,
  helper: Helper,
  register: number,
  type: string,
  code: string,
): FoundField {
  const value = path.state.frame.registers[register]!;
  const name = argumentName(helper, register);
  const help = `declare a ${type} in the value of the map (by __type(value, ...)), look the value up, and pass the field's address`;
  const registers = [register];
  const found = value.kind === 'pointer' ? fieldsAt(path, value) : undefined;
  if (value.kind !== 'pointer' || found === undefined) {
    return path.reject(
      'BPF-V033',
      `${name} must be a ${type} in a map's value, but is ${describeValue(path, value)}`,
      { help, registers },
    );
  }
  if (value.nullable) {
    path.reject('BPF-V028', `${name} may be null`, {
      help: 'compare what the lookup returned with NULL first',
      registers,
    });
  }
  const variable = value.variable.constantNumber;
  if (variable === undefined) {
    path.reject(code, `${name} is a ${type} at an offset that varies`, {
      help: `use the one ${type} of the value`,
      registers,
    });
  }
  const offset = value.offset + variable;
  const fields = found.fields.filter((field) => field.type === type);
  const [first] = fields;
  if (first === undefined) {
    path.reject(code, `values of ${found.holder} have no ${type}, as far as BTF tells`, {
      help,
      registers,
    });
  }
  if (!fields.some((field) => field.offset === offset)) {
    path.reject(
      code,
      `${name} points to offset ${offset} of a value of ${found.holder}; the ${type} is at offset ${first.offset}`,
      { help, registers },
    );
  }
  return { pointer: value, map: found.map, holder: found.holder };
}

/** bpf_spin_lock() or bpf_spin_unlock() of what is in a register. */
export function spinLock(path: Path, helper: Helper, register: number): void {
  const { state } = path;
  const registers = [register];
  if (!path.layout.spinLocks) {
    path.reject('BPF-V038', `programs of this type (${path.layout.kind}) cannot hold spin locks`, {
      help: 'use atomic operations on the value instead',
    });
  }
  const { pointer, holder } = specialField(
    path,
    helper,
    register,
    'struct bpf_spin_lock',
    'BPF-V038',
  );
  const held = state.lock;
  if (helper.number === HELPER.spin_lock) {
    if (held !== undefined) {
      path.reject('BPF-V038', 'a second spin lock is taken while one is held', {
        help: 'unlock the first before',
        registers,
        related: [{ message: 'this one is held', pc: held.at }],
      });
    }
    state.lock = { id: pointer.id, map: holder, at: path.pc };
    return;
  }
  if (held === undefined) {
    path.reject('BPF-V038', 'bpf_spin_unlock() without bpf_spin_lock() before it', {
      help: 'lock and unlock in pairs on every path',
      registers,
    });
  }
  if (held.id !== pointer.id || held.map !== holder) {
    path.reject('BPF-V038', 'bpf_spin_unlock() of another lock than the one that is held', {
      help: 'unlock through the pointer that was used to lock',
      registers,
      related: [{ message: 'this one is held', pc: held.at }],
    });
  }
  state.lock = undefined;
}

/** Rejects when a lock is held; `what` is the subject of "... while a spin lock is held". */
export function refuseUnderLock(path: Path, what: string, help: string): void {
  const held = path.state.lock;
  if (held === undefined) return;
  path.reject('BPF-V038', `${what} while a spin lock is held`, {
    help,
    related: [{ message: 'the lock was taken here', pc: held.at }],
  });
}
