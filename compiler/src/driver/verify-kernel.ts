import { type Diagnostic, Failure, type Place } from '../diag/index.ts';
import { askKernel, type KernelVerdict, readKernelLog } from '../kernel/index.ts';
import type { BpfObject } from '../object/index.ts';

/** Asks the kernel; a Failure of the kind `tool` when this user or this kernel cannot do that at all. */
export function kernelVerdict(
  object: BpfObject,
  program: number,
  logLevel: 0 | 1 | 2,
): KernelVerdict {
  const verdict = askKernel(object, { program, logLevel });
  if (verdict.verdict === 'unavailable' && verdict.errno !== undefined) {
    throw new Failure(
      {
        code: 'BPF-D010',
        message: `the kernel's verifier cannot be asked: ${verdict.reason}`,
        place: { file: object.file },
        help: 'without --kernel and --both, verify needs neither the kernel nor any right',
      },
      'tool',
    );
  }
  return verdict;
}

/** What the log ends with besides the reason. */
const STATISTICS = /^(verification time|stack depth|processed) /;
/** Lines of the reason that say what the kernel did, not what is wrong. */
const LONGEST_REASON = 4;

/** Lines of the log that say why: what comes after the last instruction. */
function reasonOf(log: string): readonly string[] {
  const lines = log.split('\n').filter((line) => line !== '' && !STATISTICS.test(line));
  const last = lines.findLastIndex((line) => /^\d+: /.test(line) || line.startsWith('; '));
  return lines.slice(last + 1).slice(-LONGEST_REASON);
}

/** The kernel's rejection as a diagnostic: its words at the place where its walk ended. */
export function kernelRejection(
  object: BpfObject,
  program: number,
  verdict: KernelVerdict,
): Diagnostic {
  const { name, entry } = object.programs[program]!;
  const [reason, ...more] = reasonOf(verdict.log);
  const what = verdict.refused === 'map' || verdict.refused === 'types' ? verdict.refused : name;
  return {
    code: 'BPF-D011',
    severity: 'error',
    message: `the kernel rejects ${what === name ? 'the program' : `the ${what} of the program`} ${name} (${verdict.errno})${reason === undefined ? '' : `: ${reason}`}`,
    place: lastPlace(object, verdict) ?? object.place(entry, 0),
    ...(more.length > 0 && { notes: more.map((message) => ({ message })) }),
  };
}

/** Place of the last instruction in the log. */
function lastPlace(object: BpfObject, verdict: KernelVerdict): Place | undefined {
  const last = readKernelLog(verdict.log).at(-1);
  if (last === undefined) return undefined;
  const placed = verdict.functions.findLast(({ firstSlot }) => firstSlot <= last.slot);
  if (placed === undefined) return undefined;
  const body = object.functions[placed.function]!.instructions;
  const slot = last.slot - placed.firstSlot + (body[0]?.slot ?? 0);
  const index = body.findIndex((instruction) => instruction.slot === slot);
  return index < 0 ? undefined : object.place(placed.function, index);
}
