import type { Btf, CWriter, TypeId } from '../btf/index.ts';
import type { DataSection, DataVariable } from '../object/index.ts';
import { memberName, sectionName, uniqueNames } from './header-names.ts';

/** Sections whose variables have a place that outside code may look at; externs have none. */
export function isExposed(section: DataSection): boolean {
  return section.kind !== 'kconfig' && section.size > 0;
}

/**
 * `struct NAME__bss_data`: the variables of a section at their offsets, gaps spelled out. Checks go
 * with it, so that a compiler that lays it out otherwise says so instead of reading elsewhere.
 */
export function dataStruct(
  prefix: string,
  section: DataSection,
  btf: Btf | undefined,
  writer: CWriter | undefined,
): readonly string[] {
  const name = `${prefix}__${sectionName(section)}_data`;
  const variables = withoutOverlap(section);
  const names = uniqueNames(variables.map((variable) => memberName(variable.name)));
  const check = `${prefix.toUpperCase()}_BPFTIME_H_CHECK`;
  const fields: string[] = [];
  const checks: string[] = [];
  let end = 0;
  let gaps = 0;
  const fill = (offset: number) => {
    if (offset > end) fields.push(`\tunsigned char gap_${gaps++}__[${offset - end}];`);
  };
  variables.forEach((variable, index) => {
    fill(variable.offset);
    fields.push(`\t${declaration(variable, names[index]!, btf, writer)};`);
    checks.push(`${check}(offsetof(struct ${name}, ${names[index]}) == ${variable.offset});`);
    end = variable.offset + variable.size;
  });
  fill(section.size);
  checks.push(`${check}(sizeof(struct ${name}) >= ${section.size});`);
  return [`struct ${name} {`, ...fields, '};', ...checks, ''];
}

/** Aliases put two variables at one place; a struct can hold one of them. */
function withoutOverlap(section: DataSection): readonly DataVariable[] {
  const sorted = section.variables
    .filter((variable) => variable.size > 0)
    .sort((left, right) => left.offset - right.offset || right.size - left.size);
  const kept: DataVariable[] = [];
  let end = 0;
  for (const variable of sorted) {
    if (variable.offset < end || variable.offset + variable.size > section.size) continue;
    kept.push(variable);
    end = variable.offset + variable.size;
  }
  return kept;
}

function declaration(
  variable: DataVariable,
  name: string,
  btf: Btf | undefined,
  writer: CWriter | undefined,
): string {
  const type = variable.type;
  if (btf !== undefined && writer !== undefined && type !== undefined) {
    const bare = unqualified(btf, type);
    if (btf.size(bare) === variable.size) {
      writer.define(bare);
      return writer.declare(bare, name);
    }
  }
  return `unsigned char ${name}[${variable.size}]`;
}

/** Without const and volatile: outside code sets such variables before programs run. */
function unqualified(btf: Btf, type: TypeId): TypeId {
  let id = type;
  for (;;) {
    const decoded = btf.type(id);
    if (decoded.kind === 'variable') id = decoded.type;
    else if (decoded.kind === 'const' || decoded.kind === 'volatile') id = decoded.target;
    else return id;
  }
}
