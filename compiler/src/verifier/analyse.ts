import { Failure, type Sink } from '../diag/index.ts';
import type { BpfObject } from '../object/index.ts';
import { Analysis } from './facts/analysis.ts';
import { checkCalls, checkPrograms } from './facts/check.ts';
import { PartCollector } from './facts/parts.ts';
import { inspect, SettledFunction } from './facts/settled.ts';
import { follow, walk } from './facts/walk.ts';
import { findLiveness } from './flow/liveness.ts';
import type { VerifiedObject } from './types.ts';

export interface AnalyseOptions {
  /** --no-verify: the user answers for memory safety. */
  readonly skip?: boolean;
}

/**
 * Learns what holds in every run of every program of the object. Throws a `Failure` for what cannot be
 * compiled; says to `sink` what is not proved.
 */
export function analyse(object: BpfObject, options: AnalyseOptions, sink: Sink): VerifiedObject {
  const skip = options.skip === true;
  checkPrograms(object);
  const flows = Analysis.flows(object);
  const analysis = new Analysis(object, flows, findLiveness(object, flows), follow);
  walk(analysis);
  checkCalls(analysis);
  const collector = new PartCollector(analysis);
  const decided = analysis.functions.map((work) => inspect(analysis, work, collector, skip));
  if (analysis.functions.some((work) => !work.queue.empty)) {
    throw new Failure(
      { code: 'BPF-V099', message: 'the analysis did not settle', place: { file: object.file } },
      'internal',
    );
  }
  if (!skip) {
    sink.add({
      code: 'BPF-V000',
      severity: 'warning',
      message: 'memory safety is not yet proved',
      place: { file: object.file },
    });
  }
  const functions = analysis.functions.map(
    (work) => new SettledFunction(analysis, work, decided[work.index]!, collector.partsOf(work)),
  );
  // The brand exists for the type checker only; this is the one place that gives it.
  return { object, verdict: skip ? 'skipped' : 'unproved', functions } as unknown as VerifiedObject;
}
