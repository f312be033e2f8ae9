/**
 * What one line of C assigns, as far as the line alone tells: BTF has lines, and no local variables. Only
 * plain forms are read; whatever might be something else is nothing.
 */

/** A line longer than this is not worth the doubt. */
const LONGEST_LINE = 300;
const KEYWORDS = new Set(['return', 'if', 'else', 'while', 'for', 'do', 'switch', 'case', 'goto']);

/** What a line assigns. */
export interface Assignment {
  readonly name: string;
  /** When it is declared there, with single spaces: `struct stats *`. */
  readonly type?: string;
}

/** The variable that a line of the form `name = ...;` or `type *name = ...;` assigns. */
export function assignment(line: string): Assignment | undefined {
  const text = withoutComment(line);
  if (text === undefined) return undefined;
  const equals = text.indexOf('=');
  if (equals <= 0 || text[equals + 1] === '=' || /[!<>]/.test(text[equals - 1]!)) {
    if (!/(?:<<|>>)$/.test(text.slice(0, Math.max(equals, 0))) || text[equals + 1] === '=') {
      return undefined;
    }
  }
  const left = text.slice(0, equals).replace(/(?:<<|>>|[-+*/%&|^])$/, '');
  const value = text.slice(equals + 1);
  if (!/^[A-Za-z_][\w\s*]*$/.test(left) || !isOneExpression(value)) return undefined;
  const parts = /^(.*?)([A-Za-z_]\w*)\s*$/.exec(left);
  if (parts === null) return undefined;
  const type = parts[1]!.replace(/\s+/g, ' ').trim();
  const words = type.split(/[\s*]+/);
  if (words.some((word) => KEYWORDS.has(word)) || KEYWORDS.has(parts[2]!)) return undefined;
  return type === '' ? { name: parts[2]! } : { name: parts[2]!, type };
}

/** The variable that a line declares with a value, arrays too: `char name[16] = {};`. */
export function declaration(line: string): string | undefined {
  const text = withoutComment(line);
  const array = text && /^([A-Za-z_][\w\s*]*[\s*])([A-Za-z_]\w*)\s*(?:\[\w*\]\s*)+=/.exec(text);
  if (array) return KEYWORDS.has(array[1]!.trim()) ? undefined : array[2];
  const plain = assignment(line);
  return plain?.type === undefined ? undefined : plain.name;
}

/** The variable that the head of a `for` loop counts by `step`. */
export function counterStep(line: string, step: number): string | undefined {
  const text = withoutComment(line);
  const head = text && /^for\s*\(([^;]*);([^;]*);([^;]*)\)[^)]*$/.exec(text);
  if (!head) return undefined;
  const last = head[3]!.trim();
  const once = /^(?:([A-Za-z_]\w*)(\+\+|--)|(\+\+|--)([A-Za-z_]\w*))$/.exec(last);
  if (once !== null) {
    const amount = (once[2] ?? once[3]) === '++' ? 1 : -1;
    return amount === step ? (once[1] ?? once[4]) : undefined;
  }
  const more = /^([A-Za-z_]\w*)\s*([-+])=\s*(\w+)$/.exec(last);
  if (more === null) return undefined;
  const amount = more[2] === '+' ? Number(more[3]) : -Number(more[3]);
  return amount === step ? more[1] : undefined;
}

function withoutComment(line: string): string | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  return line
    .replace(/\/\/.*$/, '')
    .replace(/\/\*.*?\*\//g, '')
    .trim();
}

/** Whether text is the rest of one statement: a semicolon at most at its end, no comma outside of calls. */
function isOneExpression(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    else if (character === ',' && depth === 0) return false;
    else if (character === ';') return index === text.length - 1;
    else if (character === '"' || character === "'") return false;
  }
  return true;
}
