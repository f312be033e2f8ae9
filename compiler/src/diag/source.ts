import { harmless } from './text.ts';

/** Widest excerpt of a source line; a longer line is shown around its caret. */
const WIDEST = 160;
const TAB = 8;

interface ShownLine {
  readonly text: string;
  /** Characters before the caret in `text`. */
  readonly caret: number;
}

/** Compilers count columns in bytes; the terminal shows characters, tabs and our escapes. */
function showAround(source: string, column: number): ShownLine {
  // Only this much of a hostile line is ever looked at.
  const start = Math.max(0, Math.min(column, source.length) - WIDEST);
  let bytes = start;
  let text = '';
  let caret: number | undefined;
  for (const character of source.slice(start, start + 2 * WIDEST)) {
    if (caret === undefined && bytes >= column - 1) caret = text.length;
    text += character === '\t' ? ' '.repeat(TAB - (text.length % TAB)) : harmless(character);
    bytes += Buffer.byteLength(character);
  }
  caret ??= text.length;
  const from = caret > WIDEST - 20 ? caret - (WIDEST - 20) : 0;
  // The cut may have gone through a surrogate pair; its half keeps its place as a space.
  const shown = text.slice(from, from + WIDEST).replace(/\p{Cs}/gu, ' ');
  return { text: shown.trimEnd(), caret: caret - from };
}

/** The source line with its number, and a caret below `column` when there is one. */
export function renderSource(
  line: number,
  column: number | undefined,
  source: string,
  paintCaret: (text: string) => string,
): string[] {
  const number = String(line).padStart(5);
  const shown = showAround(source, column ?? 1);
  const lines = [`${number} | ${shown.text}`];
  if (column !== undefined && column > 0) {
    lines.push(`${' '.repeat(number.length)} | ${' '.repeat(shown.caret)}${paintCaret('^')}`);
  }
  return lines;
}
