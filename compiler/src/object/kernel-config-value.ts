import type { Btf, TypeId } from '../btf/index.ts';
import { Failure, quote } from '../diag/index.ts';

/** What C type an extern has, as far as configuration values go. */
export type ValueShape =
  | { readonly kind: 'bool' | 'char' | 'tristate' }
  | { readonly kind: 'integer'; readonly size: number; readonly signed: boolean }
  | { readonly kind: 'string'; readonly size: number };

function knownShape(btf: Btf, id: TypeId): ValueShape | undefined {
  const type = btf.type(btf.resolve(id));
  switch (type.kind) {
    case 'int': {
      if (type.boolean) return type.size === 1 ? { kind: 'bool' } : undefined;
      if (type.size === 1) return { kind: 'char' };
      const { size, signed } = type;
      return [2, 4, 8].includes(size) ? { kind: 'integer', size, signed } : undefined;
    }
    case 'enum':
      return type.size === 4 && type.name === 'libbpf_tristate' ? { kind: 'tristate' } : undefined;
    case 'array': {
      const element = knownShape(btf, type.element);
      return type.count > 0 && element?.kind === 'char'
        ? { kind: 'string', size: type.count }
        : undefined;
    }
    default:
      return undefined;
  }
}

function badExtern(name: string, why: string, file: string): Failure {
  return new Failure({
    code: 'BPF-O044',
    message: `the __kconfig extern ${quote(name)} ${why}`,
    place: { file },
  });
}

/** The shape of an extern's type; types that no value of a configuration fits are refused. */
export function configShape(btf: Btf, name: string, type: TypeId, file: string): ValueShape {
  const shape = knownShape(btf, type);
  if (shape !== undefined) return shape;
  throw badExtern(
    name,
    'has a type that no configuration value fits: use bool, char, an integer, an array of char or enum libbpf_tristate',
    file,
  );
}

const TRISTATE: ReadonlyMap<string, number> = new Map([
  ['n', 0],
  ['y', 1],
  ['m', 2],
]);

/** The bytes of a variable of this shape for a value as configuration files write it. */
export function configBytes(
  shape: ValueShape,
  name: string,
  text: string,
  file: string,
): Uint8Array {
  const mismatch = (): Failure =>
    badExtern(name, `has the value ${quote(text)}, which its type cannot hold`, file);
  const state = TRISTATE.get(text);
  if (state !== undefined) {
    if (shape.kind === 'char') return Uint8Array.of(text.charCodeAt(0));
    if (shape.kind === 'tristate') return Uint8Array.of(state, 0, 0, 0);
    if (shape.kind === 'bool' && text !== 'm') return Uint8Array.of(state);
    throw mismatch();
  }
  if (text.startsWith('"')) {
    if (shape.kind !== 'string' || text.length < 2 || !text.endsWith('"')) throw mismatch();
    const bytes = new Uint8Array(shape.size);
    const content = new TextEncoder().encode(text.slice(1, -1).replace(/\\(["\\])/g, '$1'));
    // Cut to leave room for the final NUL, as libbpf does.
    bytes.set(content.subarray(0, shape.size - 1));
    return bytes;
  }
  const value = integerOf(text);
  if (value === undefined) throw mismatch();
  if (shape.kind === 'integer') {
    const bits = shape.size * 8;
    const fits = shape.signed
      ? BigInt.asIntN(bits, value) === value
      : BigInt.asUintN(bits, value) === value;
    if (!fits) throw mismatch();
    return littleEndian(value, shape.size);
  }
  if (shape.kind === 'char' && value >= -128n && value <= 255n) return littleEndian(value, 1);
  if (shape.kind === 'bool' && (value === 0n || value === 1n)) return littleEndian(value, 1);
  throw mismatch();
}

function integerOf(text: string): bigint | undefined {
  const match = /^(-?)(0x[0-9a-f]{1,16}|\d{1,20})$/i.exec(text);
  if (match === null) return undefined;
  const magnitude = BigInt(match[2]!);
  return match[1] === '-' ? -magnitude : magnitude;
}

function littleEndian(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes.slice(0, size);
}
