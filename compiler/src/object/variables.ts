import type { Btf, TypeId } from '../btf/index.ts';
import { Failure, quote } from '../diag/index.ts';
import {
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  STB_LOCAL,
  STT_OBJECT,
  STT_SECTION,
  sectionSymbols,
} from '../elf/index.ts';
import type { DataVariable } from './types.ts';

/**
 * Finds the symbol of a BTF variable. Objects as clang writes them have the offsets of global
 * variables in the symbol table only; linked objects have right offsets in BTF, and may have several
 * static variables of one name.
 */
export function symbolsByName(
  elf: ElfFile,
  section: ElfSection,
): ReadonlyMap<string, ElfSymbol | 'several'> {
  const symbols = new Map<string, ElfSymbol | 'several'>();
  for (const symbol of sectionSymbols(elf, section.index)) {
    if (symbol.type === STT_SECTION) continue;
    symbols.set(symbol.name, symbols.has(symbol.name) ? 'several' : symbol);
  }
  return symbols;
}

/** The variables of a data section, in order of offset, from BTF and from the symbol table. */
export function variablesOf(
  section: ElfSection,
  elf: ElfFile,
  btf: Btf | undefined,
): DataVariable[] {
  const variables: DataVariable[] = [];
  const known = new Set<number>();
  const symbols = symbolsByName(elf, section);
  for (const variable of btf === undefined ? [] : typedVariables(btf, section.name, symbols)) {
    if (variable.offset + variable.size > section.size) {
      throw new Failure({
        code: 'BPF-O033',
        message: `BTF places the variable ${quote(variable.name)} outside its section ${quote(section.name)}`,
        place: { file: elf.file, section: section.name, offset: variable.offset },
      });
    }
    known.add(variable.offset);
    variables.push(variable);
  }
  for (const symbol of symbols.values()) {
    if (symbol === 'several' || symbol.type !== STT_OBJECT || known.has(symbol.value)) continue;
    const global = symbol.binding !== STB_LOCAL;
    const { name, value: offset, size } = symbol;
    // Nothing says whether it was declared volatile: user space may count on it.
    variables.push({ name, offset, size, volatile: global, global });
  }
  return variables.sort((left, right) => left.offset - right.offset);
}

function typedVariables(
  btf: Btf,
  sectionName: string,
  symbols: ReadonlyMap<string, ElfSymbol | 'several'>,
): DataVariable[] {
  const id = btf.find(sectionName, 'data_section');
  const dataSection = id === undefined ? undefined : btf.type(id);
  if (dataSection?.kind !== 'data_section') return [];
  return dataSection.variables.flatMap(({ type: variableId, offset, size }) => {
    const variable = btf.type(variableId);
    if (variable.kind !== 'variable' || variable.linkage === 'extern') return [];
    const symbol = symbols.get(variable.name);
    return {
      name: variable.name,
      offset: symbol === undefined || symbol === 'several' ? offset : symbol.value,
      size,
      type: variable.type,
      volatile: isVolatile(btf, variable.type),
      global: variable.linkage === 'global',
    };
  });
}

/** Whether a type is volatile itself, or an array of such elements. */
export function isVolatile(btf: Btf, id: TypeId): boolean {
  // Chains of types are short and end: `Btf` promises it.
  for (let current = id; ; ) {
    const type = btf.type(current);
    switch (type.kind) {
      case 'volatile':
        return true;
      case 'const':
      case 'restrict':
      case 'typedef':
      case 'type_tag':
        current = type.target;
        break;
      case 'array':
        current = type.element;
        break;
      default:
        return false;
    }
  }
}
