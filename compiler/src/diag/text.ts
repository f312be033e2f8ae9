/** Longest message shown; what is cut away is the middle, since both ends of a message tell most. */
const LONGEST_MESSAGE = 1000;
const LONGEST_NAME = 80;

/** Controls, invisible and direction-changing characters, separators and halves of surrogate pairs. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escapeCharacter(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === '\r') return '\\r';
  const value = character.codePointAt(0)!;
  return value < 0x100 ? `\\x${value.toString(16).padStart(2, '0')}` : `\\u{${value.toString(16)}}`;
}

/** The text with everything that could move a cursor, hide or reorder text written as an escape. */
export function harmless(text: string): string {
  return text.replace(HARMFUL, escapeCharacter);
}

/** The text, with the middle left out when it is longer than `limit`. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.ceil((limit - 1) * 0.75);
  return `${text.slice(0, head)}…${text.slice(text.length - (limit - 1 - head))}`;
}

/** A name from the input for use in a message: in quotes, harmless, of bounded length. */
export function quote(name: string): string {
  return `'${harmless(shorten(name, LONGEST_NAME))}'`;
}

/** Any text of a diagnostic in the form in which it may be shown. */
export function presentable(text: string): string {
  return harmless(shorten(text, LONGEST_MESSAGE));
}
