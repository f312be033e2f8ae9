/**
 * Accesses to the context. Which bytes of it mean what is the layout's business; here it only counts that
 * the pointer is the very one that the program got.
 *
 * Soundness: native contexts differ from what bytecode sees, so every access must be known when the
 * program is compiled: a constant offset, from an unmoved pointer.
 */
import { contextAccess, fieldAt } from '../../contexts/index.ts';
import { signedOfSize, unsignedOfSize, ZERO } from '../../domain/scalar.ts';
import type { Path } from '../path.ts';
import { PointerValue, ScalarValue, type Value } from '../value.ts';
import { type Access, bytes, describeAccess } from './access.ts';

function checkUnmoved(path: Path, access: Access, pointer: PointerValue): void {
  const registers = [access.register];
  const { name } = path.layout;
  if (pointer.variable !== ZERO) {
    path.reject('BPF-V023', `${describeAccess(access)} of ${name} at an offset that varies`, {
      help: 'read each field by its name; a context is no array',
      registers,
    });
  }
  if (pointer.offset !== 0) {
    path.reject(
      'BPF-V023',
      `${describeAccess(access)} of ${name} through a pointer that was moved by ${bytes(pointer.offset)}`,
      {
        help: 'read fields through the context pointer itself (ctx->field): compilers keep its address when it is not computed with',
        registers,
      },
    );
  }
}

/** Checks a load or store of the context; gives what a load yields. */
export function accessContext(
  path: Path,
  access: Access,
  pointer: PointerValue,
  signed: boolean,
): Value {
  checkUnmoved(path, access, pointer);
  const { offset } = access;
  const size = access.size as 1 | 2 | 4 | 8;
  const answer = contextAccess(path.layout, offset, size, access.write, signed);
  if (answer !== 'allowed') {
    path.reject('BPF-V023', answer.message, answer.help === undefined ? {} : { help: answer.help });
  }
  const yields = fieldAt(path.layout, offset, size)?.yields ?? 'scalar';
  if (yields !== 'scalar') return new PointerValue({ kind: yields });
  return new ScalarValue(signed ? signedOfSize(size) : unsignedOfSize(size));
}

/** Marks of `Path.accessed`. */
const CONTEXT = 1;
const OTHER = 2;

/**
 * Refuses an instruction that accesses the context on some paths and other memory on others: native code
 * finds fields elsewhere than bytecode, and one instruction cannot do both.
 */
export function checkOneKind(path: Path, access: Access, pointer: PointerValue): void {
  const { accessed } = path;
  const kind = pointer.target.kind === 'context' ? CONTEXT : OTHER;
  const before = accessed[path.pc]!;
  if (before === kind) return;
  if (before === 0) {
    accessed[path.pc] = kind;
    return;
  }
  path.reject(
    'BPF-V029',
    `${describeAccess(access)} is of ${path.layout.name} on some paths and of other memory on others`,
    {
      help: 'access the context and other memory in separate statements, each on its own path',
      registers: [access.register],
    },
  );
}
