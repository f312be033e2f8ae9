import { Failure, type Sink } from '../diag/index.ts';
import type { KernelVerdict } from '../kernel/index.ts';
import type { BpfObject } from '../object/index.ts';
import { type ProgramProof, prove } from '../verifier/index.ts';
import { compareLogs, type LogComparison } from './verify-compare.ts';
import { kernelRejection, kernelVerdict } from './verify-kernel.ts';

/** Who is asked: our verifier, the running kernel's, or both. */
export type Verifier = 'own' | 'kernel' | 'both';

export interface VerifyOptions {
  readonly by: Verifier;
  readonly logLevel: 0 | 1 | 2;
  /** Gets the lines of the log of the program, as they come. */
  readonly log?: (program: string, line: string) => void;
}

/** What the verifiers say of one program. */
export interface ProgramVerdict {
  readonly program: string;
  readonly section: string;
  readonly own?: ProgramProof;
  readonly kernel?: KernelVerdict;
  /** Whether both came to the same verdict; absent when not both have one. */
  readonly agree?: boolean;
  /** With both, at level 2: our log beside the kernel's. */
  readonly comparison?: LogComparison;
}

/**
 * Verifies the programs of an object. A rejection is a verdict, and a diagnostic in the sink; thrown is
 * only what keeps a verifier from being asked.
 */
export function verifyPrograms(
  object: BpfObject,
  options: VerifyOptions,
  sink: Sink,
): readonly ProgramVerdict[] {
  if (object.programs.length === 0) {
    throw new Failure({
      code: 'BPF-D012',
      message: 'the object has no program to verify',
      place: { file: object.file },
    });
  }
  return object.programs.map((_, index) => verifyProgram(object, index, options, sink));
}

function verifyProgram(
  object: BpfObject,
  index: number,
  options: VerifyOptions,
  sink: Sink,
): ProgramVerdict {
  const { name, attach } = object.programs[index]!;
  const { by, logLevel } = options;
  const ownLog: string[] = [];
  const compares = by === 'both' && logLevel === 2;
  let own: ProgramProof | undefined;
  if (by !== 'kernel') {
    const log = (line: string) => {
      if (compares) ownLog.push(line);
      else options.log?.(name, line);
    };
    if (by === 'both' && logLevel === 1) log('ours:');
    own = prove(object, { programs: [name], ...(logLevel > 0 && { logLevel, log }) })[0]!;
    if (own.rejection !== undefined) sink.add(own.rejection);
  }
  let kernel: KernelVerdict | undefined;
  if (by !== 'own') {
    kernel = kernelVerdict(object, index, logLevel === 0 ? 1 : logLevel);
    if (kernel.verdict === 'rejected') sink.add(kernelRejection(object, index, kernel));
    if (logLevel > 0 && !compares) {
      if (by === 'both') options.log?.(name, "the kernel's:");
      for (const line of kernel.log.trimEnd().split('\n')) options.log?.(name, line);
    }
  }
  const result = {
    program: name,
    section: attach.section,
    ...(own !== undefined && { own }),
    ...(kernel !== undefined && { kernel }),
  };
  if (own === undefined || kernel === undefined || kernel.verdict === 'unavailable') return result;
  const agree = (own.verdict === 'proved') === (kernel.verdict === 'accepted');
  if (!agree) {
    sink.add({
      code: 'BPF-D014',
      severity: 'warning',
      message: `the verdicts on ${name} differ: ours is ${own.verdict}, the kernel's ${kernel.verdict}`,
      place: object.place(object.programs[index]!.entry, 0),
      ...(logLevel < 2 && { help: '--both --log-level 2 shows where the two part' }),
    });
  }
  // Of a log that was cut off the beginning is missing.
  if (!compares || kernel.truncated) return { ...result, agree };
  const comparison = compareLogs(ownLog, kernel.log.split('\n'));
  for (const line of comparison.lines) options.log?.(name, line);
  return { ...result, agree, comparison };
}
