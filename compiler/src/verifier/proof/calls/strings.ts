/** Constant strings and the formats of bpf_snprintf(). */
import { HELPER } from '../../helper-numbers.ts';
import type { Path } from '../path.ts';
import type { Call } from './call.ts';
import { argumentName, describeValue } from './describe.ts';

/** A string in read-only data that ends there and never changes. */
export function constantString(path: Path, call: Call, register: number): void {
  const value = path.state.frame.registers[register]!;
  const name = argumentName(call.helper, register);
  const registers = [register];
  const help = 'write a string literal there, or make the array static const (in .rodata)';
  const section =
    value.kind === 'pointer' && value.target.kind === 'data'
      ? path.object.data[value.target.section]
      : undefined;
  if (value.kind !== 'pointer' || section === undefined || section.kind !== 'rodata') {
    path.reject(
      'BPF-V033',
      `${name} must be a constant string, but is ${describeValue(path, value)}`,
      { help, registers },
    );
  }
  const variable = value.variable.constantNumber;
  if (variable === undefined) {
    path.reject('BPF-V033', `${name} is not the same string on every run`, {
      help,
      registers,
    });
  }
  const offset = value.offset + variable;
  const end = offset < 0 || offset >= section.size ? -1 : section.bytes.indexOf(0, offset);
  if (end < 0) {
    path.reject('BPF-V033', `${name} is a string without a zero at its end`, { help, registers });
  }
  const changing = section.variables.find(
    (one) => one.volatile && one.offset <= end && one.offset + one.size > offset,
  );
  if (changing !== undefined) {
    path.reject(
      'BPF-V033',
      `${name} is in ${changing.name}, which is volatile: it may be changed before the program starts`,
      { help, registers },
    );
  }
  if (call.helper.number !== HELPER.snprintf) return;
  checkFormat(path, call, section.bytes.subarray(offset, end));
}

/** The format of bpf_snprintf() against the number of its arguments, which r5 tells. */
function checkFormat(path: Path, call: Call, format: Uint8Array): void {
  const size = path.state.frame.registers[5]!;
  const bytes = size.kind === 'scalar' ? size.range.constantNumber : undefined;
  if (bytes === undefined || bytes < 0 || bytes % 8 !== 0) {
    path.reject(
      'BPF-V034',
      `${argumentName(call.helper, 5)} must be a constant multiple of 8: the arguments are an array of 64-bit numbers`,
      { help: 'pass sizeof() of the array of arguments', registers: [5] },
    );
  }
  path.markPrecise(5);
  const problem = formatProblem(format, bytes / 8);
  if (problem === undefined) return;
  path.reject('BPF-V033', `the format of bpf_${call.helper.name}() is not valid: ${problem}`, {
    help: 'formats know %d %i %u %x %X with l and ll, %c, %s, %p and its forms, and %%',
    registers: [3],
  });
}

const LITERAL = /^[\x20-\x7e\t-\r]*$/;
/**
 * One conversion after the percent sign: flags and width; then a pointer in one of its forms, a string, a
 * character, or a number.
 */
const CONVERSION =
  /^[0+\- ]*(?:[1-9][0-9]*)?(?:p(?:[kKuxsSB]|[ku]s|[iI][46])?(?![A-Za-z0-9])|s(?![A-Za-z0-9])|c|l{0,2}[diuxX])/;
const POINTER_LETTER = /^[0+\- ]*(?:[1-9][0-9]*)?p[KxsSB]/;

/** What is wrong with a format for `count` arguments; undefined when nothing is. */
export function formatProblem(format: Uint8Array, count: number): string | undefined {
  const text = Buffer.from(format).toString('latin1');
  if (!LITERAL.test(text)) return 'it has characters that cannot be printed';
  let used = 0;
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at)) {
    if (text[at + 1] === '%') {
      at += 2;
      continue;
    }
    const rest = text.slice(at + 1, at + 33);
    const match = POINTER_LETTER.exec(rest) ?? CONVERSION.exec(rest);
    if (match === null) return `%${rest.slice(0, 8)} is no conversion that it knows`;
    used++;
    if (used > count) return `it has more conversions than the ${count} arguments given`;
    at += 1 + match[0].length;
  }
  return undefined;
}
