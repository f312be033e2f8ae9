/**
 * Accesses to packets, and to the memory of raw programs.
 *
 * Soundness: `range` bytes from the packet's start plus the variable part of the pointer lie before the
 * packet's end, as a comparison showed; and the variable part is no negative number, so they do not lie
 * before its start. An access inside those bytes is inside the packet.
 */
import { ZERO } from '../../domain/scalar.ts';
import type { Path } from '../path.ts';
import type { PointerValue } from '../value.ts';
import { type Access, bytes, describeAccess, describeTarget } from './access.ts';

/** Refuses an access to a packet or its metadata that is not proved to be inside. */
export function checkPacket(path: Path, access: Access, pointer: PointerValue): void {
  if (access.write && path.layout.packet !== 'write') {
    path.reject(
      'BPF-V027',
      `${describeAccess(access)} of ${describeTarget(path, pointer.target)}: programs of type ${path.program.attach.type} may only read it`,
      { registers: [access.register] },
    );
  }
  const start = pointer.offset + access.offset;
  const negative = pointer.variable !== ZERO && pointer.variable.signedMinimum < 0;
  if (negative || start < 0 || start + access.size > pointer.range) {
    rejectOutside(path, access, pointer, negative);
  }
}

function rejectOutside(
  path: Path,
  access: Access,
  pointer: PointerValue,
  negative: boolean,
): never {
  const what = describeTarget(path, pointer.target);
  const registers = [access.register];
  if (negative) {
    path.reject(
      'BPF-V025',
      `${describeAccess(access)} of ${what} at an offset that may be negative`,
      { help: 'make the index unsigned, or check that it is not negative', registers },
    );
  }
  const raw = path.layout.memoryWithLength;
  const meta = pointer.target.kind === 'packet_meta';
  const whole = raw ? 'its length' : meta ? 'data' : 'data_end';
  const start = pointer.offset + access.offset;
  if (start < 0) {
    path.reject(
      'BPF-V025',
      `${describeAccess(access)} of ${what}, ${-start} before the address that was compared with ${whole}`,
      { help: 'nothing is proved to be there: compare an address before it', registers },
    );
  }
  const fixed = pointer.variable.isConstant;
  const needed = start + access.size;
  const there = pointer.range > 0 ? `only ${pointer.range} are` : 'none are';
  const test = raw ? `length < ${needed}` : `${meta ? 'data_meta' : 'data'} + ${needed} > ${whole}`;
  path.reject(
    'BPF-V025',
    `${describeAccess(access)} at offset ${start}${fixed ? '' : ' of this pointer'} into ${what}: it needs ${bytes(needed)}, but ${there} proved to be there`,
    {
      help: fixed
        ? `compare first: \`if (${test}) return ...;\``
        : `compare this very pointer after the variable offset was added: \`if ((void *)(p + ${needed}) > ${raw ? 'memory + length' : whole}) return ...;\``,
      registers,
    },
  );
}
