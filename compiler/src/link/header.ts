import { cIdentifier } from '../base/index.ts';
import { type Btf, CWriter } from '../btf/index.ts';
import type { BpfMap, BpfObject, BpfProgram, DataSection } from '../object/index.ts';
import { dataStruct, isExposed } from './header-data.ts';
import { HEADER_TYPES, memberName, sectionName, uniqueNames } from './header-names.ts';

/**
 * A C and C++ header for programs that link the compiled object: the types of map keys, map values
 * and global variables, and handles of programs, maps and globals, in the manner of a libbpf skeleton.
 */
export function emitHeader(object: BpfObject): string {
  const { name } = object;
  const guard = `${name.toUpperCase()}_BPFTIME_H`;
  const writer = object.btf === undefined ? undefined : new CWriter(object.btf, HEADER_TYPES);
  // The body first: it tells the writer which types to define before it.
  const sections = object.data.filter(isExposed);
  const data = sections.map((section) => dataStruct(name, section, object.btf, writer));
  const maps = object.maps.flatMap((map) => mapTypes(name, map, object.btf, writer));
  const types = writer?.text() ?? '';
  const header = `${[
    `/* Made by bpftime-aot from ${comment(object.name)}: do not edit. */`,
    `#ifndef ${guard}`,
    `#define ${guard}`,
    '',
    '#include <stdbool.h>',
    '#include <stddef.h>',
    '#include <stdint.h>',
    '#include <bpftime/object.h>',
    '',
    '#ifdef __cplusplus',
    `#define ${guard}_CHECK(condition) static_assert(condition, #condition)`,
    'extern "C" {',
    '#else',
    `#define ${guard}_CHECK(condition) _Static_assert(condition, #condition)`,
    '#endif',
    '',
    ...(types === ''
      ? []
      : [
          `/* Define ${name.toUpperCase()}_NO_TYPES when a header of your own has these types. */`,
          `#ifndef ${name.toUpperCase()}_NO_TYPES`,
          types.trimEnd(),
          '#endif',
          '',
        ]),
    ...maps,
    ...data.flat(),
    ...declarations(object, sections),
    ...skeleton(object, sections),
    '#ifdef __cplusplus',
    '} /* extern "C" */',
    '#endif',
    `#undef ${guard}_CHECK`,
    '',
    `#endif /* ${guard} */`,
  ].join('\n')}\n`;
  // C++ does not know the word that C has for the type.
  return header.replace(/\b_Bool\b/g, 'bool');
}

/** `NAME__MAP_key` and `NAME__MAP_value`, where BTF knows the types. */
function mapTypes(
  prefix: string,
  map: BpfMap,
  btf: Btf | undefined,
  writer: CWriter | undefined,
): readonly string[] {
  if (btf === undefined || writer === undefined) return [];
  const name = `${prefix}__${cIdentifier(map.name)}`;
  const typedefs = [];
  for (const [role, type, size] of [
    ['key', map.keyType, map.keySize],
    ['value', map.valueType, map.valueSize],
  ] as const) {
    // Ring buffers and the like have neither keys nor values.
    if (type === undefined || type === 0 || size === 0 || btf.size(type) !== size) continue;
    writer.define(type);
    typedefs.push(`typedef ${writer.declare(type, `${name}_${role}`)};`);
  }
  return typedefs.length === 0 ? [] : [...typedefs, ''];
}

function parametersOf(program: BpfProgram): string {
  return program.kind === 'raw' ? 'void *memory, uint64_t size' : 'void *context';
}

function declarations(object: BpfObject, sections: readonly DataSection[]): readonly string[] {
  const { name } = object;
  const lines = [`extern const struct bpftime_object ${name}__object;`, ''];
  for (const map of object.maps) {
    const entries = map.maxEntries === 0 ? '' : `, ${map.maxEntries} entries`;
    lines.push(
      `/* ${comment(map.typeName)}${entries} */`,
      `extern struct bpftime_map ${name}__${cIdentifier(map.name)};`,
    );
  }
  for (const section of sections) {
    lines.push(`extern struct bpftime_map ${name}__${sectionName(section)};`);
  }
  if (object.maps.length + sections.length > 0) lines.push('');
  for (const program of object.programs) {
    lines.push(
      `/* SEC("${comment(program.attach.section)}") */`,
      `uint64_t ${name}__${cIdentifier(program.name)}(${parametersOf(program)});`,
    );
  }
  if (object.programs.length > 0) lines.push('');
  return lines;
}

/** `struct NAME__skeleton` and the function that fills it. */
function skeleton(object: BpfObject, sections: readonly DataSection[]): readonly string[] {
  const { name } = object;
  const programs = uniqueNames(object.programs.map((program) => memberName(program.name)));
  const maps = uniqueNames(object.maps.map((map) => memberName(map.name)));
  const fields = ['\tconst struct bpftime_object *object;'];
  const fills = [`\tskeleton.object = &${name}__object;`];
  if (object.programs.length > 0) {
    fields.push('\tstruct {');
    object.programs.forEach((program, index) => {
      fields.push(`\t\tuint64_t (*${programs[index]})(${parametersOf(program)});`);
      fills.push(`\tskeleton.progs.${programs[index]} = ${name}__${cIdentifier(program.name)};`);
    });
    fields.push('\t} progs;');
  }
  if (object.maps.length > 0) {
    fields.push('\tstruct {');
    object.maps.forEach((map, index) => {
      fields.push(`\t\tstruct bpftime_map *${maps[index]};`);
      fills.push(`\tskeleton.maps.${maps[index]} = &${name}__${cIdentifier(map.name)};`);
    });
    fields.push('\t} maps;');
  }
  for (const section of sections) {
    const member = sectionName(section);
    const type = `struct ${name}__${member}_data`;
    fields.push(`\t${type} *${memberName(member)};`);
    fills.push(`\tskeleton.${memberName(member)} = (${type} *)${name}__${member}.memory;`);
  }
  return [
    `struct ${name}__skeleton {`,
    ...fields,
    '};',
    '',
    '/* Handles of everything in the object. */',
    `static inline struct ${name}__skeleton ${name}__skeleton(void)`,
    '{',
    `\tstruct ${name}__skeleton skeleton;`,
    '',
    ...fills,
    '\treturn skeleton;',
    '}',
    '',
  ];
}

/** Text that can stand in a comment. */
function comment(text: string): string {
  return text
    .replaceAll('*', '* ')
    .replaceAll('/*', '/ *')
    .replace(/[\n\r]/g, ' ');
}
