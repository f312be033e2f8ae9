import { quotedText } from './text.ts';

/** Bytes of one directive: long enough to be few, short enough to be read. */
const LINE = 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Module-level assembly that puts text into a section that is not loaded. A global of LLVM cannot: the
 * sections of globals always take memory. A linker joins these sections end to end.
 */
export function informationAssembly(section: string, text: string): readonly string[] {
  const bytes = new TextEncoder().encode(text);
  const lines = [`.section ${section},"",@progbits`];
  for (let start = 0; start < bytes.length; start += LINE) {
    lines.push(`.ascii "${directiveText(bytes.subarray(start, start + LINE))}"`);
  }
  // What the compiler writes next goes where code goes, as if nothing had been here.
  lines.push('.text');
  return lines.map((line) => `module asm ${quotedText(line)}`);
}

/** Bytes as the assembler's strings spell them. */
function directiveText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === QUOTE || byte === BACKSLASH) text += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return text;
}
