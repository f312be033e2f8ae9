/**
 * The BTF of a case of the corpus: values of maps with a special field, and signatures of functions.
 * What a case says of neither has none.
 */
import { type Btf, parseBtf } from '../../src/btf/index.ts';
import type { ProgramKind } from '../../src/object/index.ts';
import { BtfBuilder } from '../btf/builder.ts';

/** A field of a map's value that only helpers may touch. */
export interface SpecialField {
  readonly kind: 'lock' | 'timer';
  readonly offset: number;
}

/** A parameter of a global function: a number, the context, or a pointer to so many bytes. */
export type CorpusParameter = 'int' | 'ctx' | 'ptr' | { readonly memory: number };

export interface TypedMap {
  readonly keySize: number;
  readonly valueSize: number;
  readonly field?: SpecialField;
}

export interface TypedFunction {
  readonly name: string;
  readonly linkage: 'static' | 'global';
  readonly result?: 'int' | 'void' | 'ptr';
  readonly parameters?: readonly CorpusParameter[];
}

export interface CorpusTypes {
  readonly btf: Btf;
  readonly maps: readonly { readonly keyType?: number; readonly valueType?: number }[];
  readonly functions: readonly number[];
}

const CONTEXTS: Readonly<Partial<Record<ProgramKind, string>>> = {
  xdp: 'xdp_md',
  tc: '__sk_buff',
  socket_filter: '__sk_buff',
};

/** The records of `struct bpf_spin_lock` and `struct bpf_timer`, as the UAPI has them. */
function fieldType(builder: BtfBuilder, kind: SpecialField['kind'], u32: number): number {
  if (kind === 'lock') return builder.struct('bpf_spin_lock', 4, [['val', u32, 0]]);
  const u64 = builder.int('unsigned long long', 8);
  const words = builder.array(u64, u32, 2);
  return builder.struct('bpf_timer', 16, [['__opaque', words, 0]]);
}

/** Types for maps and functions of a case; undefined when nothing in it needs any. */
export function corpusTypes(
  kind: ProgramKind,
  maps: readonly TypedMap[],
  functions: readonly TypedFunction[],
): CorpusTypes | undefined {
  const typed =
    maps.some(({ field }) => field !== undefined) ||
    functions.some(({ parameters }) => parameters !== undefined);
  if (!typed) return undefined;
  const builder = new BtfBuilder();
  const u32 = builder.int('unsigned int', 4);
  const byte = builder.int('unsigned char', 1);
  const fields = new Map<string, number>();
  const bytes = (count: number) => builder.array(byte, u32, count);
  const typedMaps = maps.map(({ keySize, valueSize, field }, index) => {
    if (field === undefined) return {};
    const { kind: name, offset } = field;
    const type = fields.get(name) ?? fieldType(builder, name, u32);
    fields.set(name, type);
    const size = name === 'lock' ? 4 : 16;
    const rest = valueSize - offset - size;
    const members: (readonly [string, number, number])[] = [];
    if (offset > 0) members.push(['before', bytes(offset), 0]);
    members.push(['field', type, offset * 8]);
    if (rest > 0) members.push(['after', bytes(rest), (offset + size) * 8]);
    return {
      keyType: keySize === 4 ? u32 : bytes(keySize),
      valueType: builder.struct(`value${index}`, valueSize, members),
    };
  });
  const contextName = CONTEXTS[kind];
  const parameterType = (parameter: CorpusParameter): number => {
    if (parameter === 'int') return u32;
    if (parameter === 'ptr') return builder.pointer(0);
    if (parameter === 'ctx') {
      if (contextName === undefined) throw new Error(`no name for the context of ${kind}`);
      return builder.pointer(builder.struct(contextName, 4, [['len', u32, 0]]));
    }
    const size = parameter.memory;
    return builder.pointer(builder.struct(`block${size}`, size, [['bytes', bytes(size), 0]]));
  };
  const functionIds = functions.map(({ name, linkage, parameters, result }) => {
    const types = (parameters ?? []).flatMap((parameter, index) => {
      const type = parameterType(parameter);
      return [builder.string(`a${index + 1}`), type];
    });
    const back = result === 'void' ? 0 : result === 'ptr' ? builder.pointer(byte) : u32;
    const prototype = builder.record(13, 0, 0, types.length / 2, back, types);
    return builder.record(12, builder.string(name), 0, linkage === 'global' ? 1 : 0, prototype);
  });
  return { btf: parseBtf(builder.bytes(), 'corpus'), maps: typedMaps, functions: functionIds };
}
