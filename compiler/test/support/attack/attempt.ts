/** One program against one verifier: accepted or not, and whether what was accepted can go wrong. */
import type { InterpFault } from '../../../src/interp/index.ts';
import { askKernel } from '../../../src/kernel/index.ts';
import { type ProgramProof, prove } from '../../../src/verifier/index.ts';
import { execute, type Finding } from './execute.ts';
import { type AttackProgram, toObject } from './program.ts';
import { shrink } from './shrink.ts';

/** Whose verdict is attacked. */
export type Acceptor = 'ours' | 'kernel';

export interface AttemptOptions {
  readonly acceptor: Acceptor;
  /** Inputs that an accepted program is run on. */
  readonly runs: number;
  /** Ask the kernel, too, and compare. */
  readonly compare: boolean;
}

export interface Attempt {
  readonly accepted: boolean;
  /** A fault of an accepted program. */
  readonly finding?: Finding;
  /** What `prove` threw, which it never must. */
  readonly thrown?: string;
  /** Where ours and the kernel differ: one line, the same for all of a kind. */
  readonly difference?: {
    readonly kind: 'kernel rejects' | 'kernel accepts';
    readonly why: string;
  };
  readonly walked: number;
}

/** Programs that need more are too slow to be attacked in great numbers. */
const WALK_LIMIT = 8_000;

/** The kernel lets privileged programs read what they never wrote; we do not. */
function kernelAllows(fault: InterpFault): boolean {
  return fault.code === 'uninitialised_stack';
}

/** The last line of the kernel's log that says why, numbers left out. */
function kernelReason(log: string): string {
  const lines = log
    .trim()
    .split('\n')
    .filter(
      (line) => !/^(processed|verification time|stack depth|mark_precise|insn \d)/.test(line),
    );
  return (lines.at(-1) ?? '').replace(/-?(0x[0-9a-f]+|\d+)/g, 'N').trim();
}

function askOurs(program: AttackProgram): ProgramProof {
  return prove(toObject(program), { walkLimit: WALK_LIMIT })[0]!;
}

/** Where ours gives up or sees a loop that never ends, the kernel walks on for up to a minute. */
function tooMuch(proof: ProgramProof): boolean {
  return proof.walked >= WALK_LIMIT || proof.rejection?.code === 'BPF-V040';
}

function kernelVerdict(program: AttackProgram): { accepted: boolean; why: string } | undefined {
  if (program.kind === 'raw') return undefined;
  const answer = askKernel(toObject(program), { program: 0 });
  if (answer.verdict === 'unavailable') return undefined;
  return { accepted: answer.verdict === 'accepted', why: kernelReason(answer.log) };
}

/** What becomes of a program. */
export function attempt(program: AttackProgram, seed: number, options: AttemptOptions): Attempt {
  let proof: ProgramProof;
  try {
    proof = askOurs(program);
  } catch (error) {
    const thrown = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { accepted: false, walked: 0, thrown };
  }
  if (options.acceptor === 'kernel') {
    const accepted = !tooMuch(proof) && kernelVerdict(program)?.accepted === true;
    const finding = accepted ? execute(program, options.runs, seed, kernelAllows) : undefined;
    return { accepted, walked: proof.walked, ...(finding !== undefined && { finding }) };
  }
  const accepted = proof.verdict === 'proved';
  const finding = accepted ? execute(program, options.runs, seed) : undefined;
  const difference = options.compare ? compare(program, proof) : undefined;
  return {
    accepted,
    walked: proof.walked,
    ...(finding !== undefined && { finding }),
    ...(difference !== undefined && { difference }),
  };
}

function compare(program: AttackProgram, proof: ProgramProof): Attempt['difference'] {
  const { code = '', message = '' } = proof.rejection ?? {};
  if (tooMuch(proof)) return undefined;
  const kernel = kernelVerdict(program);
  const accepted = proof.verdict === 'proved';
  if (kernel === undefined || kernel.accepted === accepted) return undefined;
  if (accepted) return { kind: 'kernel rejects', why: kernel.why };
  const general = message.replace(/-?(0x[0-9a-f]+|\d+)/g, 'N');
  return { kind: 'kernel accepts', why: `${code} ${general}` };
}

/** A smaller program with the same fault, for a finding of `attempt`. */
export function shrinkFinding(
  program: AttackProgram,
  seed: number,
  finding: Finding,
  options: AttemptOptions,
): AttackProgram {
  return shrink(program, (smaller) => {
    const found = attempt(smaller, seed, { ...options, compare: false });
    return found.finding?.fault.code === finding.fault.code;
  });
}

/** A smaller program on which ours and the kernel still differ for the same reason. */
export function shrinkDifference(
  program: AttackProgram,
  seed: number,
  difference: NonNullable<Attempt['difference']>,
): AttackProgram {
  const options = { acceptor: 'ours', runs: 0, compare: true } as const;
  return shrink(program, (smaller) => {
    const found = attempt(smaller, seed, options).difference;
    return found?.kind === difference.kind && found.why === difference.why;
  });
}
