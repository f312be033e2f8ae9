import { presentable } from './text.ts';
import type { Diagnostic, Note, Place } from './types.ts';

/** Keys are named one by one, so that order and contents do not depend on who made the value. */
function placeRecord(place: Place): Record<string, string | number> {
  const record: Record<string, string | number> = { file: presentable(place.file) };
  if (place.line !== undefined) record.line = place.line;
  if (place.column !== undefined) record.column = place.column;
  if (place.sourceText !== undefined) record.sourceText = presentable(place.sourceText);
  if (place.section !== undefined) record.section = presentable(place.section);
  if (place.offset !== undefined) record.offset = place.offset;
  if (place.instruction !== undefined) record.instruction = presentable(place.instruction);
  return record;
}

function noteRecord(note: Note): Record<string, unknown> {
  const record: Record<string, unknown> = { message: presentable(note.message) };
  if (note.place !== undefined) record.place = placeRecord(note.place);
  return record;
}

/** A diagnostic as a plain value with a fixed order of keys, for embedding in larger JSON. */
export function diagnosticRecord(diagnostic: Diagnostic): Record<string, unknown> {
  const record: Record<string, unknown> = {
    severity: diagnostic.severity,
    code: diagnostic.code,
    message: presentable(diagnostic.message),
  };
  if (diagnostic.place !== undefined) record.place = placeRecord(diagnostic.place);
  if (diagnostic.notes !== undefined) record.notes = diagnostic.notes.map(noteRecord);
  if (diagnostic.help !== undefined) record.help = presentable(diagnostic.help);
  return record;
}

/** Diagnostics as one JSON array on one line, ending in a newline. */
export function renderJson(diagnostics: readonly Diagnostic[]): string {
  return `${JSON.stringify(diagnostics.map(diagnosticRecord))}\n`;
}
