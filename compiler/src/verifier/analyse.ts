import { type Diagnostic, Failure, type Sink } from '../diag/index.ts';
import type { BpfObject } from '../object/index.ts';
import { Analysis } from './facts/analysis.ts';
import { checkCalls, checkPrograms } from './facts/check.ts';
import { provedEdges } from './facts/edges.ts';
import { PartCollector } from './facts/parts.ts';
import { inspect, SettledFunction } from './facts/settled.ts';
import { follow, walk } from './facts/walk.ts';
import { findLiveness } from './flow/liveness.ts';
import { prove } from './proof/prove.ts';
import type { ProgramProof } from './proof/types.ts';
import type { VerifiedObject } from './types.ts';

export interface AnalyseOptions {
  /** --no-verify: the user answers for memory safety. */
  readonly skip?: boolean;
}

/** Proves every program; each one that is not safe is said to `sink`, the last by throwing. */
function proveAll(object: BpfObject, sink: Sink): readonly ProgramProof[] {
  const proofs = prove(object);
  const rejections = proofs.flatMap(({ rejection }) => rejection ?? []);
  for (const rejection of rejections.slice(0, -1)) sink.add(rejection);
  const last = rejections.at(-1);
  if (last !== undefined) throw new Failure(withoutSeverity(last));
  return proofs;
}

function withoutSeverity({ severity: _, ...rest }: Diagnostic): Omit<Diagnostic, 'severity'> {
  return rest;
}

/**
 * Proves every program of the object safe, and learns what holds in every run. Throws a `Failure` for what is
 * not safe or cannot be compiled. With `skip` nothing is proved.
 */
export function analyse(object: BpfObject, options: AnalyseOptions, sink: Sink): VerifiedObject {
  const skip = options.skip === true;
  checkPrograms(object);
  const proofs = skip ? undefined : proveAll(object, sink);
  const flows = Analysis.flows(object);
  const edges = proofs === undefined ? undefined : provedEdges(object, proofs);
  const analysis = new Analysis(object, flows, findLiveness(object, flows), follow, edges);
  walk(analysis);
  checkCalls(analysis);
  const collector = new PartCollector(analysis);
  const decided = analysis.functions.map((work) => inspect(analysis, work, collector));
  if (analysis.functions.some((work) => !work.queue.empty)) {
    throw new Failure(
      { code: 'BPF-V099', message: 'the analysis did not settle', place: { file: object.file } },
      'internal',
    );
  }
  const functions = analysis.functions.map(
    (work) => new SettledFunction(analysis, work, decided[work.index]!, collector.partsOf(work)),
  );
  // The brand exists for the type checker only; this is the one place that gives it.
  return { object, verdict: skip ? 'skipped' : 'proved', functions } as unknown as VerifiedObject;
}
