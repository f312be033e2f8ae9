import picocolors from 'picocolors';
import { renderSource } from './source.ts';
import { presentable } from './text.ts';
import type { Diagnostic, Place, Severity } from './types.ts';

export interface RenderTextOptions {
  /** Use terminal colours; the caller knows whether the output is a terminal. */
  readonly color: boolean;
}

/** What stands for a place in messages that have none. */
const PROGRAM = 'bpftime-aot';

/** A place on one line: `file:line:column`, or `file: section .text+0x18 (instruction)`. */
export function formatPlace(place: Place): string {
  const file = presentable(place.file);
  if (place.line !== undefined) {
    return place.column === undefined
      ? `${file}:${place.line}`
      : `${file}:${place.line}:${place.column}`;
  }
  if (place.section === undefined) return file;
  const offset = place.offset === undefined ? '' : `+0x${place.offset.toString(16)}`;
  const instruction = place.instruction === undefined ? '' : ` (${presentable(place.instruction)})`;
  return `${file}: section ${presentable(place.section)}${offset}${instruction}`;
}

/** Diagnostics as people read them, each ending in a newline. */
export function renderText(diagnostics: readonly Diagnostic[], options: RenderTextOptions): string {
  const colors = picocolors.createColors(options.color);
  const paint: Record<Severity, (text: string) => string> = {
    error: (text) => colors.bold(colors.red(text)),
    warning: (text) => colors.bold(colors.yellow(text)),
    note: (text) => colors.bold(colors.cyan(text)),
  };
  const lines: string[] = [];
  const add = (severity: Severity, message: string, place: Place | undefined, code?: string) => {
    const where = place === undefined ? PROGRAM : formatPlace(place);
    const suffix = code === undefined ? '' : ` ${colors.dim(`[${presentable(code)}]`)}`;
    lines.push(
      `${colors.bold(`${where}:`)} ${paint[severity](`${severity}:`)} ${presentable(message)}${suffix}`,
    );
    if (place?.line !== undefined && place.sourceText !== undefined) {
      lines.push(
        ...renderSource(place.line, place.column, place.sourceText, (caret) => colors.green(caret)),
      );
    }
  };
  for (const diagnostic of diagnostics) {
    add(diagnostic.severity, diagnostic.message, diagnostic.place, diagnostic.code);
    for (const note of diagnostic.notes ?? []) {
      add(
        'note',
        note.message,
        note.place ?? (diagnostic.place && withoutSource(diagnostic.place)),
      );
    }
    if (diagnostic.help !== undefined) {
      lines.push(`${colors.bold('help:')} ${presentable(diagnostic.help)}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** A note without a place of its own belongs to its diagnostic; showing the line again is noise. */
function withoutSource(place: Place): Place {
  const { sourceText: _, ...rest } = place;
  return rest;
}
