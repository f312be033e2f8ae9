import { harmless } from '../diag/index.ts';
import type { ElfFile } from '../elf/index.ts';
import { type BpfFunction, type BpfObject, formatBpfInstruction } from '../object/index.ts';
import { formatScalar, type ValueType, type VerifiedObject } from '../verifier/index.ts';

/** The sections, symbols and relocations of an ELF file, a line each. */
export function describeElf(elf: ElfFile): string {
  const lines = elf.sections.map(
    (section) =>
      `section ${section.index} ${section.name || '(none)'} type ${section.type} size ${section.size}`,
  );
  for (const symbol of elf.symbols) {
    lines.push(
      `symbol ${symbol.name || '(none)'} section ${symbol.sectionIndex} value ${symbol.value} size ${symbol.size}`,
    );
  }
  for (const [section, relocations] of elf.relocations) {
    for (const relocation of relocations) {
      lines.push(
        `relocation ${elf.sections[section]?.name}+0x${relocation.offset.toString(16)} type ${relocation.type} symbol ${relocation.symbol.name}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The source text of a function's lines, interleaved with its instructions. */
export function disassemble(
  object: BpfObject,
  fn: BpfFunction,
  annotate?: (instruction: number) => string | undefined,
): string {
  const lines = [`${harmless(fn.name)}:`];
  let shown = '';
  fn.instructions.forEach((instruction, index) => {
    const place = object.place(fn.index, index);
    if (place.line !== undefined) {
      const source = `; ${place.file}:${place.line}${place.sourceText ? `  ${place.sourceText.trim()}` : ''}`;
      if (source !== shown) lines.push(harmless(source));
      shown = source;
    }
    const note = annotate?.(index);
    const code = harmless(formatBpfInstruction(object, instruction, fn));
    lines.push(
      `${String(instruction.slot).padStart(6)}: ${note === undefined ? code : `${code.padEnd(40)} ; ${note}`}`,
    );
  });
  return lines.join('\n');
}

/** Every function of an object with its source lines, relocations applied. */
export function describeObject(object: BpfObject): string {
  return `${object.functions.map((fn) => disassemble(object, fn)).join('\n\n')}\n`;
}

/** As `describeObject`, each instruction with the types of the registers that are live before it. */
export function describeFacts(verified: VerifiedObject): string {
  const { object } = verified;
  const parts = object.functions.map((fn) => {
    const facts = verified.functions[fn.index];
    if (facts === undefined) return `${fn.name}: not reached`;
    return disassemble(object, fn, (index) => {
      const types = facts.before(index);
      if (types === undefined) return 'not reached';
      const live = facts.liveBefore[index] ?? 0;
      const words: string[] = [];
      types.forEach((type, register) => {
        if ((live >> register) & 1) words.push(`r${register}=${describeType(type)}`);
      });
      return words.join(' ');
    });
  });
  return `verdict: ${verified.verdict}\n\n${parts.join('\n\n')}\n`;
}

function describeType(type: ValueType): string {
  if (type.kind === 'scalar') return formatScalar(type.range);
  if (type.kind !== 'pointer') return type.kind;
  const { minimum, maximum } = type;
  const offset =
    minimum === undefined || maximum === undefined
      ? '+?'
      : minimum === maximum
        ? minimum === 0
          ? ''
          : `${minimum > 0 ? '+' : ''}${minimum}`
        : `+[${minimum},${maximum}]`;
  return `${type.region.kind}${offset}${type.nullable ? '?' : ''}`;
}
