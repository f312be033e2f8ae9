/** Accesses to keys and values of maps and to data sections, which are values of maps to the kernel. */
import { quote } from '../../../diag/index.ts';
import type { DataSection } from '../../../object/index.ts';
import type { Path } from '../path.ts';
import type { PointerValue, Target } from '../value.ts';
import { type Access, checkInside, describeAccess, describeTarget } from './access.ts';
import {
  type SpecialField,
  specialFieldsOfMap,
  specialFieldsOfSection,
} from './map-value-fields.ts';

/** Flags of maps that bind programs. */
const READ_ONLY = 1 << 7;
const WRITE_ONLY = 1 << 8;

/** Refuses an access to a map's value outside of it, against its flags, or to its special fields. */
export function checkMapValue(
  path: Path,
  access: Access,
  pointer: PointerValue,
  target: Extract<Target, { kind: 'map_value' }>,
): void {
  const { map } = target;
  if (access.write && (map.flags & READ_ONLY) !== 0) {
    path.reject(
      'BPF-V027',
      `${describeAccess(access)} to map ${quote(map.name)}, which programs may only read (BPF_F_RDONLY_PROG)`,
      { registers: [access.register] },
    );
  }
  if (access.read && (map.flags & WRITE_ONLY) !== 0) {
    path.reject(
      'BPF-V027',
      `${describeAccess(access)} from map ${quote(map.name)}, which programs may only write (BPF_F_WRONLY_PROG)`,
      { registers: [access.register] },
    );
  }
  checkInside(path, access, pointer, map.valueSize, 'BPF-V024');
  checkFields(path, access, pointer, specialFieldsOfMap(path.object, map));
}

/** Refuses an access to a map's key outside of it, or that writes. */
export function checkMapKey(
  path: Path,
  access: Access,
  pointer: PointerValue,
  target: Extract<Target, { kind: 'map_key' }>,
): void {
  if (access.write) {
    path.reject(
      'BPF-V027',
      `${describeAccess(access)} to a key of map ${quote(target.map.name)}: keys cannot be changed`,
      {
        help: 'delete the element and insert it again under its new key',
        registers: [access.register],
      },
    );
  }
  checkInside(path, access, pointer, target.map.keySize, 'BPF-V024');
}

/** Refuses an access to a data section outside of it, or that writes to a read-only one. */
export function checkData(
  path: Path,
  access: Access,
  pointer: PointerValue,
  target: Extract<Target, { kind: 'data' }>,
): void {
  const section = path.object.data[target.section]!;
  if (access.write && isReadOnly(section)) {
    path.reject(
      'BPF-V027',
      `${describeAccess(access)} to section ${quote(section.name)}, which is read-only`,
      {
        help: 'variables that the program changes must not be const',
        registers: [access.register],
      },
    );
  }
  checkInside(path, access, pointer, section.size, 'BPF-V026');
  if (section.kind === 'data' || section.kind === 'bss') {
    checkFields(path, access, pointer, specialFieldsOfSection(path.object, section));
  }
}

function isReadOnly(section: DataSection): boolean {
  return section.kind === 'rodata' || section.kind === 'kconfig';
}

function checkFields(
  path: Path,
  access: Access,
  pointer: PointerValue,
  fields: readonly SpecialField[],
): void {
  if (fields.length === 0) return;
  const start = pointer.offset + access.offset;
  const low = start + pointer.variable.signedMinimum;
  const high = start + pointer.variable.unsignedMaximum + access.size;
  const field = fields.find(({ offset, size }) => low < offset + size && offset < high);
  if (field === undefined) return;
  path.reject(
    'BPF-V054',
    `${describeAccess(access)} of ${describeTarget(path, pointer.target)} touches its ${field.type} at offset ${field.offset}`,
    {
      help: `a ${field.type} is only for the helpers that take one: access the members before and after it one by one`,
      registers: [access.register],
    },
  );
}
