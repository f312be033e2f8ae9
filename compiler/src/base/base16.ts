/**
 * Bytes of base16 text, two digits a byte in either case; white space anywhere is passed over.
 * Undefined when the text is something else.
 */
export function fromBase16(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '').replace(/^0x/i, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined;
  return Buffer.from(digits, 'hex');
}
