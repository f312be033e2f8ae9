import { ByteReader } from '../base/index.ts';
import type { Btf, TypeId } from '../btf/index.ts';
import { Failure, type Place, quote } from '../diag/index.ts';
import {
  type ElfFile,
  type ElfSection,
  STT_NOTYPE,
  STT_OBJECT,
  sectionSymbols,
} from '../elf/index.ts';
import { checkSizes } from './map-definition.ts';
import { mapTypeName } from './map-types.ts';
import type { FoundMap } from './maps.ts';

/** type, key_size, value_size, max_entries, map_flags: five 32-bit numbers. */
const DEFINITION_SIZE = 20;

/** Reads `struct bpf_map_def SEC("maps") name = { ... }`, as sources before BTF have it. */
export function readLegacyMaps(
  elf: ElfFile,
  section: ElfSection,
  btf: Btf | undefined,
): FoundMap[] {
  const symbols = sectionSymbols(elf, section.index).filter(
    ({ type, name }) => type === STT_OBJECT || (type === STT_NOTYPE && name !== ''),
  );
  const reader = new ByteReader(section.data);
  return symbols.map((symbol, position) => {
    const { name } = symbol;
    const offset = symbol.value;
    const end = symbols[position + 1]?.value ?? section.size;
    const size = symbol.size === 0 ? end - offset : symbol.size;
    const place: Place = { file: elf.file, section: section.name, offset };
    const bad = (message: string): Failure =>
      new Failure({ code: 'BPF-O052', message: `the map ${quote(name)} ${message}`, place });
    if (size < DEFINITION_SIZE || offset + size > end || end > section.data.length) {
      throw bad(`has a definition of ${size} bytes that does not fit its place`);
    }
    const number = (field: number): number => reader.u32(offset + field * 4);
    for (let rest = offset + DEFINITION_SIZE; rest < offset + size; rest++) {
      if (section.data[rest] === 0) continue;
      throw new Failure({
        code: 'BPF-O052',
        message: `the map ${quote(name)} has fields beyond struct bpf_map_def that are not 0`,
        place,
        help: 'declare it in SEC(".maps") with __uint and __type',
      });
    }
    const type = number(0);
    const typeName = mapTypeName(type);
    if (typeName === undefined) throw bad(`has the type ${type}, which is not known`);
    const keySize = number(1);
    const valueSize = number(2);
    checkSizes(name, typeName, keySize, valueSize, place);
    return {
      section: section.index,
      offset,
      definition: {
        map: {
          name,
          type,
          typeName,
          keySize,
          valueSize,
          maxEntries: number(3),
          flags: number(4),
          extra: 0n,
          pinning: 0,
          numaNode: 0,
          ...annotatedTypes(btf, name, keySize, valueSize),
        },
      },
    };
  });
}

/** BPF_ANNOTATE_KV_PAIR declares `struct ____btf_map_NAME { key; value; }` beside the map. */
function annotatedTypes(
  btf: Btf | undefined,
  name: string,
  keySize: number,
  valueSize: number,
): { keyType?: TypeId; valueType?: TypeId } {
  const id = btf?.find(`____btf_map_${name}`, 'struct');
  if (btf === undefined || id === undefined) return {};
  const key = btf.findMember(id, 'key')?.member.type;
  const value = btf.findMember(id, 'value')?.member.type;
  return {
    ...(key !== undefined && btf.size(key) === keySize ? { keyType: key } : {}),
    ...(value !== undefined && btf.size(value) === valueSize ? { valueType: value } : {}),
  };
}
