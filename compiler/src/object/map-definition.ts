import type { Btf, BtfComposite, BtfMember, TypeId } from '../btf/index.ts';
import { Failure, type Place, quote } from '../diag/index.ts';
import { holdsMaps, impliedSizes, mapTypeName, sizeProblem } from './map-types.ts';
import type { BpfMap } from './types.ts';

/** A map before it has its place in the object and the contents of its slots. */
export interface MapDefinition {
  readonly map: Omit<BpfMap, 'index' | 'initial'>;
  /** Byte offset of the `values` array in the definition, when there is one. */
  readonly valuesOffset?: number;
}

/** Numbers of a definition, by the C name of the field, and what they are in `BpfMap`. */
const NUMBERS = [
  ...['type', 'max_entries', 'key_size', 'value_size', 'map_flags', 'numa_node'],
  ...['map_extra', 'pinning'],
] as const;

type NumberField = (typeof NUMBERS)[number];

function isNumberField(name: string): name is NumberField {
  return (NUMBERS as readonly string[]).includes(name);
}

/** The fields of a definition as they were written. */
interface Fields {
  readonly numbers: Map<NumberField, bigint>;
  keyType?: TypeId;
  valueType?: TypeId;
  values?: { readonly member: BtfMember; readonly element: TypeId };
}

/** Reads a BTF-defined map: `struct { __uint(type, ...); __type(key, ...); ... } name SEC(".maps")`. */
export function readMapDefinition(
  btf: Btf,
  name: string,
  id: TypeId,
  place: Place,
  inner = false,
): MapDefinition {
  const reader = new DefinitionReader(btf, name, place);
  const fields = reader.fields(id);
  const type = Number(fields.numbers.get('type') ?? 0n);
  const typeName = mapTypeName(type);
  if (typeName === undefined) {
    throw reader.bad(type === 0 ? 'has no type' : `has the type ${type}, which is not known`);
  }
  const implied = impliedSizes(typeName);
  const keySize = reader.size(fields, 'key') ?? implied.key ?? 0;
  const valueSize = reader.size(fields, 'value') ?? implied.value ?? 0;
  checkSizes(name, typeName, keySize, valueSize, place);
  const pinning = Number(fields.numbers.get('pinning') ?? 0n);
  if (pinning > 1)
    throw reader.bad(`has the pinning ${pinning}; 0 and LIBBPF_PIN_BY_NAME (1) exist`);
  if (inner && pinning !== 0) throw reader.bad('is an inner map, which cannot be pinned');
  const values = fields.values;
  if (values !== undefined && inner)
    throw reader.bad('is an inner map, which has no values itself');
  const innerMap =
    values === undefined ? undefined : innerOf(btf, name, typeName, values.element, place, reader);
  if (innerMap === undefined && holdsMaps(typeName)) {
    throw reader.bad(
      `is of type ${typeName}, but does not say of what maps: __array(values, ...) is missing`,
    );
  }
  return {
    map: {
      name,
      type,
      typeName,
      keySize,
      valueSize,
      maxEntries: Number(fields.numbers.get('max_entries') ?? 0n),
      flags: Number(fields.numbers.get('map_flags') ?? 0n),
      extra: fields.numbers.get('map_extra') ?? 0n,
      pinning,
      numaNode: Number(fields.numbers.get('numa_node') ?? 0n),
      ...(fields.keyType === undefined ? {} : { keyType: fields.keyType }),
      ...(fields.valueType === undefined ? {} : { valueType: fields.valueType }),
      ...(innerMap === undefined ? {} : { inner: innerMap }),
    },
    ...(values === undefined ? {} : { valuesOffset: values.member.bitOffset / 8 }),
  };
}

/** Refuses sizes of keys and values that the map's type cannot have. */
export function checkSizes(
  name: string,
  typeName: string,
  keySize: number,
  valueSize: number,
  place: Place,
): void {
  const problem = sizeProblem(typeName, keySize, valueSize);
  if (problem === undefined) return;
  throw new Failure({
    code: 'BPF-O051',
    message: `the map ${quote(name)} of type ${typeName} ${problem}`,
    place,
  });
}

function innerOf(
  btf: Btf,
  name: string,
  typeName: string,
  element: TypeId,
  place: Place,
  reader: DefinitionReader,
): BpfMap | undefined {
  const pointee = reader.pointee(element);
  if (pointee === undefined) throw reader.bad("has 'values' that are no pointers");
  const kind = btf.kind(btf.resolve(pointee));
  if (typeName === 'prog_array') {
    if (kind === 'function_prototype') return undefined;
    throw reader.bad("has 'values' that are no pointers to functions");
  }
  if (!holdsMaps(typeName)) {
    throw reader.bad(`has 'values', which only arrays of programs and maps of maps have`);
  }
  const { map } = readMapDefinition(btf, `${name}.inner`, pointee, place, true);
  return { ...map, index: -1, initial: [] };
}

class DefinitionReader {
  readonly #btf: Btf;
  readonly #name: string;
  readonly #place: Place;

  constructor(btf: Btf, name: string, place: Place) {
    this.#btf = btf;
    this.#name = name;
    this.#place = place;
  }

  bad(message: string): Failure {
    return new Failure({
      code: 'BPF-O050',
      message: `the map ${quote(this.#name)} ${message}`,
      place: this.#place,
    });
  }

  /** What a pointer type points to; undefined for other types. */
  pointee(id: TypeId): TypeId | undefined {
    const type = this.#btf.type(this.#btf.resolve(id));
    return type.kind === 'pointer' ? type.target : undefined;
  }

  fields(id: TypeId): Fields {
    const fields: Fields = { numbers: new Map() };
    const { members } = this.#struct(id);
    const seen = new Set<string>();
    members.forEach((member, position) => {
      const { name } = member;
      if (seen.has(name)) throw this.bad(`has the field ${quote(name)} twice`);
      seen.add(name);
      if (isNumberField(name)) fields.numbers.set(name, this.#number(member));
      else if (name === 'key') fields.keyType = this.#typeOf(member);
      else if (name === 'value') fields.valueType = this.#typeOf(member);
      else if (name === 'values') {
        if (position !== members.length - 1) throw this.bad("has fields after 'values'");
        fields.values = { member, element: this.#elementOf(member) };
      } else throw this.bad(`has the field ${quote(name)}, which maps do not have`);
    });
    return fields;
  }

  /** Size of the key or value: from its type, its stated size, or both when they agree. */
  size(fields: Fields, what: 'key' | 'value'): number | undefined {
    const type = what === 'key' ? fields.keyType : fields.valueType;
    const stated = fields.numbers.get(`${what}_size`);
    if (type === undefined) return stated === undefined ? undefined : Number(stated);
    const size = this.#btf.size(type);
    if (size === 0) throw this.bad(`has a ${what} type without a size`);
    if (stated !== undefined && Number(stated) !== size) {
      throw this.bad(`states a ${what}_size of ${stated}, but its ${what} type has ${size} bytes`);
    }
    return size;
  }

  #struct(id: TypeId): BtfComposite {
    const type = this.#btf.type(this.#btf.resolve(id));
    if (type.kind !== 'struct') throw this.bad('is not declared as a struct');
    return type;
  }

  /** `__uint` makes a pointer to an array whose length is the number; `__ulong` an enum with one value. */
  #number(member: BtfMember): bigint {
    const type = this.#btf.type(this.#btf.resolve(member.type));
    if ((type.kind === 'enum' || type.kind === 'enum64') && type.values.length === 1) {
      const value = BigInt.asUintN(64, type.values[0]!.value);
      if (member.name === 'map_extra' || value <= 0xffff_ffffn) return value;
      throw this.bad(`has a ${member.name} that does not fit 32 bits`);
    }
    const pointee = type.kind === 'pointer' ? this.#btf.type(this.#btf.resolve(type.target)) : type;
    if (type.kind !== 'pointer' || pointee.kind !== 'array') {
      throw this.bad(`has the field ${quote(member.name)} in a form other than __uint(...)`);
    }
    return BigInt(pointee.count);
  }

  #typeOf(member: BtfMember): TypeId {
    const pointee = this.pointee(member.type);
    if (pointee === undefined) {
      throw this.bad(`has the field ${quote(member.name)} in a form other than __type(...)`);
    }
    return pointee;
  }

  #elementOf(member: BtfMember): TypeId {
    const type = this.#btf.type(this.#btf.resolve(member.type));
    if (type.kind !== 'array' || member.bitOffset % 8 !== 0) {
      throw this.bad("has the field 'values' in a form other than __array(...)");
    }
    return type.element;
  }
}
