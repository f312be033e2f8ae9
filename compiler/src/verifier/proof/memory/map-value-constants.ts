/**
 * Loads from data that nobody writes. libbpf freezes such data before programs start, but lets user space
 * change `const volatile` variables until then, which for us is after the program was compiled. Where there
 * is no variable (or one of no known type), nobody promises anything.
 */
import type { DataSection } from '../../../object/index.ts';
import { signExtend } from '../../domain/index.ts';
import { constantScalar, ZERO } from '../../domain/scalar.ts';
import type { Path } from '../path.ts';
import { type PointerValue, ScalarValue, type Target } from '../value.ts';

/** Ranges of bytes [start, end) in a row, none of which touch. */
type Ranges = readonly { readonly start: number; readonly end: number }[];

/** What is constant in a section, and what is not though it may look so: variables of input may overlap. */
interface Promises {
  readonly constant: Ranges;
  readonly volatile: Ranges;
}

const promises = new WeakMap<DataSection, Promises>();

function merged(ranges: { start: number; end: number }[]): Ranges {
  ranges.sort((a, b) => a.start - b.start);
  const result: { start: number; end: number }[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else result.push({ ...range });
  }
  return result;
}

function promisesOf(section: DataSection): Promises {
  let known = promises.get(section);
  if (known === undefined) {
    const ranges = (volatile: boolean) =>
      merged(
        section.variables
          .filter((one) => one.volatile === volatile && (volatile || one.type !== undefined))
          .map(({ offset, size }) => ({ start: offset, end: offset + size })),
      );
    known =
      section.kind === 'kconfig'
        ? { constant: [{ start: 0, end: section.size }], volatile: [] }
        : { constant: ranges(false), volatile: ranges(true) };
    promises.set(section, known);
  }
  return known;
}

/** The last range that starts before `end`. */
function before(ranges: Ranges, end: number): Ranges[number] | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.start < end) low = middle + 1;
    else high = middle;
  }
  return ranges[low - 1];
}

/** The constant that a load finds; undefined when it may be another one when the program runs. */
export function readOnlyConstant(
  path: Path,
  pointer: PointerValue,
  target: Extract<Target, { kind: 'data' }>,
  offset: number,
  size: 1 | 2 | 4 | 8,
  signed: boolean,
): ScalarValue | undefined {
  const section = path.object.data[target.section]!;
  if (section.kind !== 'rodata' && section.kind !== 'kconfig') return undefined;
  if (pointer.variable !== ZERO) return undefined;
  const low = pointer.offset + offset;
  const high = low + size;
  if (low < 0 || high > section.bytes.length) return undefined;
  const { constant, volatile } = promisesOf(section);
  const holder = before(constant, high);
  if (holder === undefined || low < holder.start || high > holder.end) return undefined;
  const spoiler = before(volatile, high);
  if (spoiler !== undefined && spoiler.end > low) return undefined;
  let value = 0n;
  for (let at = high - 1; at >= low; at--) value = (value << 8n) | BigInt(section.bytes[at]!);
  const range = constantScalar(value);
  if (!signed || size === 8) return new ScalarValue(range);
  return new ScalarValue(signExtend(64, (8 * size) as 8 | 16 | 32, range));
}
