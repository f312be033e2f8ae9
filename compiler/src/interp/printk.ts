import * as errno from './errno.ts';
import type { AddressSpace } from './memory.ts';

/** Bytes that are traced, with their NUL. */
export const TEXT_LIMIT = 1024;
/** Bytes of a text argument, with their NUL. */
const STRING_LIMIT = 512;
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

/** What stands between `%` and the kind of a conversion: flags and width. */
const STYLE = /^%([0+\- ]*)([1-9][0-9]*)?/;
const STRING = /^(?:pks|pus|s)(?![A-Za-z0-9])/;
const INTERNET_ADDRESS = /^p([iI])([46])/;
const ADDRESS = /^p(?:[KxsSB]|(?![A-Za-z0-9]))/;
const CHARACTER = /^c(?![A-Za-z0-9])/;
const NUMBER = /^(l{0,2})([diuxX])/;

/** %pi4, %pI4, %pi6, %pI6: an address in network order; zeros where there is none to read. */
function internetAddress(
  space: AddressSpace,
  address: bigint,
  style: string,
  six: boolean,
): string {
  const size = six ? 16 : 4;
  const bytes = Buffer.from(space.peek(address, size) ?? new Uint8Array(size));
  if (six) {
    return (bytes.toString('hex').match(/..../g) ?? []).join(style === 'I' ? ':' : '');
  }
  return [...bytes].map((byte) => String(byte).padStart(style === 'i' ? 3 : 1, '0')).join('.');
}

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
    const [style = '', flags = '', width = '0'] = STYLE.exec(text.slice(at))!;
    const value = values[used++];
    if (value === undefined) return errno.EINVAL;
    const converted = convert(space, text.slice(at + style.length), flags, value);
    if (converted === undefined) return errno.EINVAL;
    at += style.length + converted.taken;
    const columns = Math.min(Number(width), WIDTH_LIMIT);
    printed += pad(converted.body, flags, columns, converted.text);
  }
  return printed;
}

/** One value by the kind at the start of `rest`; `taken` is how long that is written. */
function convert(
  space: AddressSpace,
  rest: string,
  flags: string,
  value: bigint,
): { readonly body: string; readonly taken: number; readonly text: boolean } | undefined {
  const string = STRING.exec(rest);
  if (string !== null) {
    const bytes = readText(space, value, STRING_LIMIT - 1) ?? new Uint8Array(0);
    const body = Buffer.from(bytes).toString('latin1');
    return { body, taken: string[0].length, text: true };
  }
  const internet = INTERNET_ADDRESS.exec(rest);
  if (internet !== null) {
    const body = internetAddress(space, value, internet[1]!, internet[2] === '6');
    return { body, taken: internet[0].length, text: true };
  }
  const address = ADDRESS.exec(rest);
  if (address !== null) {
    return { body: value.toString(16).padStart(16, '0'), taken: address[0].length, text: true };
  }
  if (CHARACTER.test(rest)) {
    return { body: String.fromCharCode(Number(value & 0xffn)), taken: 1, text: true };
  }
  const number = NUMBER.exec(rest);
  if (number === null) return undefined;
  const body = formatNumber(number[2]!, number[1] === '' ? 32 : 64, flags, value);
  return { body, taken: number[0].length, text: false };
}

function formatNumber(kind: string, bits: number, flags: string, value: bigint): string {
  switch (kind) {
    case 'x':
      return BigInt.asUintN(bits, value).toString(16);
    case 'X':
      return BigInt.asUintN(bits, value).toString(16).toUpperCase();
    case 'u':
      return BigInt.asUintN(bits, value).toString();
    // %d and %i
    default: {
      const number = BigInt.asIntN(bits, value);
      const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
      return number < 0n ? number.toString() : sign + number.toString();
    }
  }
}

function pad(body: string, flags: string, width: number, text: boolean): string {
  if (flags.includes('-')) return body.padEnd(width);
  if (!flags.includes('0') || text) return body.padStart(width);
  const sign = /^[+\- ]/.exec(body)?.[0] ?? '';
  return sign + body.slice(sign.length).padStart(width - sign.length, '0');
}
