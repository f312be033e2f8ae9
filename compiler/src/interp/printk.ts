import * as errno from './errno.ts';
import { type AddressSpace, Fault } from './memory.ts';

/** Bytes of a text argument and of what is traced, with their NUL. */
export const TEXT_LIMIT = 1024;
/** The kernel's limit of a field's width. */
const WIDTH_LIMIT = (1 << 23) - 1;

/** Bytes up to the first NUL, at most `limit` of them; undefined where memory ends before. */
export function readText(
  space: AddressSpace,
  address: bigint,
  limit: number,
): Uint8Array | undefined {
  const text: number[] = [];
  for (let at = 0; at < limit; at++) {
    const byte = space.peek(address + BigInt(at), 1)?.[0];
    if (byte === undefined) return undefined;
    if (byte === 0) break;
    text.push(byte);
  }
  return Uint8Array.from(text);
}

/** A conversion: `%`, flags, width, then a string, a pointer or character, or a number. */
const CONVERSION =
  /^%([0+\- ]*)([1-9][0-9]*)?(?:(pks|pus|s)|(px|p(?![A-Za-z0-9])|c)|(l{0,2})([diuxX]))/;

/**
 * Formats as bpf_trace_printk, bpf_snprintf and bpf_trace_vprintk do, with the conversions that the
 * kernel takes there; a negative error number when it would refuse the format. Pointers print as 16
 * hex digits, not hashed.
 */
export function formatText(
  space: AddressSpace,
  format: Uint8Array,
  values: readonly bigint[],
): string | bigint {
  const end = format.indexOf(0);
  if (end < 0) return errno.EINVAL;
  const text = Buffer.from(format.subarray(0, end)).toString('latin1');
  if (/[^\x20-\x7e\t-\r]/.test(text)) return errno.EINVAL;
  let printed = '';
  let used = 0;
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '%') {
      printed += text[at++];
      continue;
    }
    if (text[at + 1] === '%') {
      printed += '%';
      at += 2;
      continue;
    }
    const match = CONVERSION.exec(text.slice(at));
    const value = values[used++];
    if (match === null || value === undefined) return errno.EINVAL;
    const [whole, flags = '', width = '', string, single, length = '', number] = match;
    at += whole.length;
    const columns = Math.min(Number(width), WIDTH_LIMIT);
    if (string !== undefined) {
      const bytes = readText(space, value, TEXT_LIMIT) ?? new Uint8Array(0);
      printed += pad(Buffer.from(bytes).toString('latin1'), flags, columns, true);
    } else {
      const body = formatNumber(number ?? single!, length === '' ? 32 : 64, flags, value);
      printed += pad(body, flags, columns, single === 'c');
    }
  }
  return printed;
}

function formatNumber(kind: string, bits: number, flags: string, value: bigint): string {
  switch (kind) {
    case 'c':
      return String.fromCharCode(Number(value & 0xffn));
    case 'p':
    case 'px':
      return value.toString(16).padStart(16, '0');
    case 'x':
      return BigInt.asUintN(bits, value).toString(16);
    case 'X':
      return BigInt.asUintN(bits, value).toString(16).toUpperCase();
    case 'u':
      return BigInt.asUintN(bits, value).toString();
    case 'd':
    case 'i': {
      const number = BigInt.asIntN(bits, value);
      const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
      return number < 0n ? number.toString() : sign + number.toString();
    }
    default:
      throw new Fault(`conversion %${kind}`);
  }
}

function pad(body: string, flags: string, width: number, text: boolean): string {
  if (flags.includes('-')) return body.padEnd(width);
  if (!flags.includes('0') || text) return body.padStart(width);
  const sign = /^[+\- ]/.exec(body)?.[0] ?? '';
  return sign + body.slice(sign.length).padStart(width - sign.length, '0');
}
