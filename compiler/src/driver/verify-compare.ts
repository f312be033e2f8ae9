/** Two logs of the same walk, ours and the kernel's, side by side. */

/** A line of a log that belongs to an instruction. */
interface Step {
  readonly slot: number;
  readonly text: string;
}

/** Constants that are addresses differ with every run; what they are of stands in the state. */
const ADDRESS = /^(\(18\) r\d+ = ).*?(?=\s*;|$)/;
/** Numbers that tie values together are counted in another way. */
const NUMBERS = /\b(id|ref_obj_id|refs)=[\d,]+(?=[,)\s]|$)/g;

function stepsOf(log: readonly string[]): readonly Step[] {
  const steps: Step[] = [];
  for (const line of log) {
    // A line with the state alone, at the start of a path, is no step of its own.
    const match = /^(\d+): (\([0-9a-f]{2}\) .*)$/.exec(line);
    if (match !== null) steps.push({ slot: Number(match[1]), text: match[2]! });
  }
  return steps;
}

/** How a step is compared: without what differs by chance, and spaces that line columns up. */
function essence(step: Step): string {
  return step.text.replace(ADDRESS, '$1...').replace(NUMBERS, '$1=').replace(/\s+/g, ' ').trim();
}

/** Where two logs part, and the lines up to there. */
export interface LogComparison {
  /**
   * The steps that both took. `=` before a line that both have, else `<` before ours and `>` before the
   * kernel's.
   */
  readonly lines: readonly string[];
  /** Steps that both took in the same order. */
  readonly common: number;
  /** The instructions that each went on to, when not to the same; undefined where a log ended. */
  readonly parting?: { readonly own: number | undefined; readonly kernel: number | undefined };
}

/** Lays our log beside the kernel's, up to the first instruction at which the walks part. */
export function compareLogs(own: readonly string[], kernel: readonly string[]): LogComparison {
  const ours = stepsOf(own);
  const theirs = stepsOf(kernel);
  const lines: string[] = [];
  let common = 0;
  while (common < ours.length && common < theirs.length) {
    const [left, right] = [ours[common]!, theirs[common]!];
    if (left.slot !== right.slot) break;
    if (essence(left) === essence(right)) lines.push(`= ${left.slot}: ${left.text}`);
    else lines.push(`< ${left.slot}: ${left.text}`, `> ${right.slot}: ${right.text}`);
    common++;
  }
  if (common === ours.length && common === theirs.length) return { lines, common };
  const parting = { own: ours[common]?.slot, kernel: theirs[common]?.slot };
  return { lines, common, parting };
}
