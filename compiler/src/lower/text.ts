/** Spelling of LLVM assembly: names, strings, numbers, and a writer for the code of one function. */

const PLAIN = /^[A-Za-z_$.-][\w$.-]*$/;
const encoder = new TextEncoder();

const SPELLING = Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
    ? String.fromCharCode(byte)
    : `\\${byte.toString(16).padStart(2, '0').toUpperCase()}`,
);

/** Bytes between quotes, every byte that needs it escaped. */
export function quoted(bytes: Uint8Array): string {
  const out = new Array<string>(bytes.length);
  for (let index = 0; index < bytes.length; index++) out[index] = SPELLING[bytes[index]!]!;
  return `"${out.join('')}"`;
}

/** The same for text. */
export function quotedText(text: string): string {
  return quoted(encoder.encode(text));
}

/** A global's name, `@name` or `@"na me"`. */
export function globalName(name: string): string {
  return PLAIN.test(name) ? `@${name}` : `@${quotedText(name)}`;
}

/** The name that `globalName` spelled. */
export function nameOfGlobal(spelled: string): string {
  if (!spelled.startsWith('@"')) return spelled.slice(1);
  const bytes = spelled
    .slice(2, -1)
    .replace(/\\([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

/** A 64-bit constant: LLVM takes the signed form of any pattern of bits. */
export function constant64(value: bigint): string {
  return BigInt.asIntN(64, value).toString();
}

/** A 32-bit constant. */
export function constant32(value: number): string {
  return (value | 0).toString();
}

/** Collects the instructions of one function in order; hands out names. */
export class CodeWriter {
  /** Suffix of each instruction: its `!dbg`, or empty. */
  location = '';
  /** Label of the block that is being written. */
  label = 'entry';
  readonly #lines: string[] = [];
  /** Instructions of the entry block, written before all others. */
  readonly #entry: string[] = [];
  #count = 0;

  /** An instruction with a result; returns the result's name. */
  define(instruction: string): string {
    const name = `%v${this.#count++}`;
    this.#lines.push(`  ${name} = ${instruction}${this.location}`);
    return name;
  }

  /** An instruction without a result. */
  emit(instruction: string): void {
    this.#lines.push(`  ${instruction}${this.location}`);
  }

  /** An instruction with a result at the start of the function (allocas and what belongs to them). */
  defineAtEntry(instruction: string): string {
    const name = `%v${this.#count++}`;
    this.#entry.push(`  ${name} = ${instruction}`);
    return name;
  }

  /** The same without a result. */
  emitAtEntry(instruction: string): void {
    this.#entry.push(`  ${instruction}`);
  }

  /** A fresh label. */
  freshLabel(hint: string): string {
    return `${hint}${this.#count++}`;
  }

  /** Starts a block. */
  startBlock(label: string): void {
    this.label = label;
    this.#lines.push(`${label}:`);
  }

  /** Leaves room here for lines that are known later; returns how to fill it. */
  reserve(): (lines: readonly string[]) => void {
    const position = this.#lines.length;
    this.#lines.push('');
    return (lines) => {
      this.#lines[position] = lines.join('\n');
    };
  }

  /** The body: what stands at the entry, then everything in order. */
  body(): string {
    const lines = this.#lines.filter((line) => line !== '');
    return ['entry:', ...this.#entry, ...lines].join('\n');
  }
}
