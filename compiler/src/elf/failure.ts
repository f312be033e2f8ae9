import { OutOfBounds } from '../base/index.ts';
import { Failure } from '../diag/index.ts';

/** What is wrong with an ELF file; codes are stable, see the messages where they are thrown. */
export type ElfCode =
  | 'BPF-E001' // not an ELF file
  | 'BPF-E002' // truncated
  | 'BPF-E003' // 32-bit
  | 'BPF-E004' // big-endian
  | 'BPF-E005' // another machine
  | 'BPF-E006' // not relocatable
  | 'BPF-E007' // section header table
  | 'BPF-E008' // too many sections
  | 'BPF-E009' // section contents
  | 'BPF-E010' // names
  | 'BPF-E011' // symbols
  | 'BPF-E012'; // relocations

/** The failure of one file, to be thrown. */
export function elfFailure(
  code: ElfCode,
  file: string,
  message: string,
  where: { readonly section?: string; readonly offset?: number; readonly help?: string } = {},
): Failure {
  const { help, ...place } = where;
  return new Failure({
    code,
    message,
    place: { file, ...place },
    ...(help === undefined ? {} : { help }),
  });
}

/** Runs a reader of the file; a read past its end is the file's fault, not ours. */
export function withinFile<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof OutOfBounds)) throw error;
    throw elfFailure('BPF-E002', file, `the file is truncated or damaged: ${error.message}`);
  }
}
