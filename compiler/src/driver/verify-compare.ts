/** Two logs of the same walk, ours and the kernel's, side by side. */

/** A line of a log that belongs to an instruction. */
interface Step {
  readonly slot: number;
  readonly text: string;
}

/** Constants that are addresses differ with every run; what they are of stands in the state. */
const ADDRESS = /^(\(18\) r\d+ = ).*?(?=\s*;|$)/;
/** Numbers that tie values together are counted in another way; what is added to a tie is not. */
const NUMBERS = /\b(id|ref_obj_id|refs)=[\d,]+(?=[-+,)\s]|$)/g;

/** Begins a path of the kernel's log, with the whole state on the next line. */
const PATH_START = /^from \d+ to \d+/;
const STEP = /^(\d+): (\([0-9a-f]{2}\) .*)$/;
const STATE = /^\d+: ((?:frame\d+|R\d+|fp).*)$/;

function stepsOf(log: readonly string[]): readonly Step[] {
  const steps: Step[] = [];
  // Where the kernel writes of precision first, the state after an instruction comes on a line of its own.
  let bare = false;
  for (const line of log) {
    const step = STEP.exec(line);
    const state = bare ? STATE.exec(line) : null;
    if (step !== null) {
      steps.push({ slot: Number(step[1]), text: step[2]! });
      bare = stateOf(step[2]!) === undefined;
    } else if (state !== null) {
      const last = steps.pop()!;
      steps.push({ slot: last.slot, text: `${last.text} ; ${state[1]}` });
      bare = false;
    } else if (PATH_START.test(line)) {
      bare = false;
    }
  }
  return steps;
}

/** The part of a step after the instruction. */
function stateOf(text: string): string | undefined {
  const at = text.indexOf(';');
  return at < 0 ? undefined : text.slice(at + 1);
}

/** How a step is compared: without what differs by chance, and spaces that line columns up. */
function essence(text: string): string {
  return text.replace(ADDRESS, '$1...').replace(NUMBERS, '$1=').replace(/\s+/g, ' ').trim();
}

/** Whether two steps say the same. Where a walk ends at a state it knows, the kernel writes none. */
function agree(own: string, kernel: string): boolean {
  if (stateOf(kernel) !== undefined) return essence(own) === essence(kernel);
  return essence(own.split(';')[0]!) === essence(kernel);
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
    if (agree(left.text, right.text)) lines.push(`= ${left.slot}: ${left.text}`);
    else lines.push(`< ${left.slot}: ${left.text}`, `> ${right.slot}: ${right.text}`);
    common++;
  }
  if (common === ours.length && common === theirs.length) return { lines, common };
  const parting = { own: ours[common]?.slot, kernel: theirs[common]?.slot };
  return { lines, common, parting };
}
