/**
 * Accesses to packets, and to the memory of raw programs.
 *
 * Soundness: `range` bytes from the packet's start plus the variable part of the pointer lie before the
 * packet's end, as a comparison showed; and the variable part is no negative number, so they do not lie
 * before its start. An access inside those bytes is inside the packet.
 */
import { type Access, describeAccess, describeTarget } from './access.ts';
import type { Path } from './path.ts';
import type { PointerValue } from './value.ts';

/** Refuses an access to a packet or its metadata that is not proved to be inside. */
export function checkPacket(path: Path, access: Access, pointer: PointerValue): void {
  const what = describeTarget(path, pointer.target);
  const registers = [access.register];
  if (access.write && path.layout.packet !== 'write') {
    path.reject(
      'BPF-V027',
      `${describeAccess(access)} of ${what}: programs of type ${path.program.attach.type} may only read it`,
      { registers },
    );
  }
  const start = pointer.offset + access.offset;
  if (pointer.variable.signedMinimum < 0) {
    path.reject(
      'BPF-V025',
      `${describeAccess(access)} of ${what} at an offset that may be negative`,
      { help: 'make the index unsigned, or check that it is not negative', registers },
    );
  }
  if (start >= 0 && start + access.size <= pointer.range) return;
  const raw = path.layout.memoryWithLength;
  const end = raw ? 'its length' : pointer.target.kind === 'packet_meta' ? 'data' : 'data_end';
  const where =
    start < 0
      ? `before the address that was compared with ${end}`
      : pointer.range > 0
        ? `but only ${pointer.range} are proved to be there`
        : 'but none are proved to be there';
  const place = pointer.variable.isConstant ? `offset ${start}` : `offset ${start} of this pointer`;
  path.reject(
    'BPF-V025',
    `${describeAccess(access)} at ${place} into ${what}: it needs ${Math.max(0, start + access.size)} bytes, ${where}`,
    {
      help: pointer.variable.isConstant
        ? `compare with ${end} first: \`if (${raw ? `length < ${start + access.size}` : `data + ${start + access.size} > ${end}`}) return ...;\``
        : `compare this very pointer with ${end} after the variable offset was added: \`if ((void *)(p + ${Math.max(0, start + access.size)}) > ${end}) return ...;\``,
      registers,
    },
  );
}
