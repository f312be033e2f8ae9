/** Names of the BTF kinds; `void` is type id 0, which every BTF has without spelling it. */
export type BtfKind =
  | 'void'
  | 'int'
  | 'pointer'
  | 'array'
  | 'struct'
  | 'union'
  | 'enum'
  | 'forward'
  | 'typedef'
  | 'volatile'
  | 'const'
  | 'restrict'
  | 'function'
  | 'function_prototype'
  | 'variable'
  | 'data_section'
  | 'float'
  | 'declaration_tag'
  | 'type_tag'
  | 'enum64';

/** Position in the list of types; 0 is void. */
export type TypeId = number;

/** One member of a struct or union. */
export interface BtfMember {
  /** Empty for anonymous structs, unions and unnamed bitfields. */
  readonly name: string;
  readonly type: TypeId;
  readonly bitOffset: number;
  /** Width of a bitfield in bits; 0 when the member is no bitfield. */
  readonly bitfieldSize: number;
}

export interface BtfEnumerator {
  readonly name: string;
  /** Sign-extended or zero-extended as the enum's `signed` says. */
  readonly value: bigint;
}

export interface BtfParameter {
  readonly name: string;
  readonly type: TypeId;
}

/** Where a variable lies in its ELF section. */
export interface BtfSectionVariable {
  /** Id of a `variable` type (or of a `function`, for externs in .ksyms). */
  readonly type: TypeId;
  readonly offset: number;
  readonly size: number;
}

/** What a function's or variable's symbol is. */
export type BtfLinkage = 'static' | 'global' | 'extern';

export interface BtfInt {
  readonly kind: 'int';
  readonly id: TypeId;
  readonly name: string;
  /** Size of the storage in bytes, and the value bits in it (bitfields of old compilers use fewer). */
  readonly size: number;
  readonly bits: number;
  readonly bitOffset: number;
  readonly signed: boolean;
  readonly boolean: boolean;
  readonly character: boolean;
}

export interface BtfComposite {
  readonly kind: 'struct' | 'union';
  readonly id: TypeId;
  readonly name: string;
  readonly size: number;
  readonly members: readonly BtfMember[];
}

export interface BtfEnum {
  readonly kind: 'enum' | 'enum64';
  readonly id: TypeId;
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly BtfEnumerator[];
}

export interface BtfArray {
  readonly kind: 'array';
  readonly id: TypeId;
  readonly element: TypeId;
  readonly index: TypeId;
  /** 0 for flexible and zero-length arrays. */
  readonly count: number;
}

export interface BtfFunctionPrototype {
  readonly kind: 'function_prototype';
  readonly id: TypeId;
  readonly result: TypeId;
  /** Without the marker of a variable argument list. */
  readonly parameters: readonly BtfParameter[];
  readonly variadic: boolean;
}

/** One decoded type. */
export type BtfType =
  | { readonly kind: 'void'; readonly id: TypeId }
  | BtfInt
  | BtfArray
  | BtfComposite
  | BtfEnum
  | BtfFunctionPrototype
  | {
      readonly kind: 'pointer' | 'volatile' | 'const' | 'restrict';
      readonly id: TypeId;
      readonly target: TypeId;
    }
  | {
      readonly kind: 'typedef' | 'type_tag';
      readonly id: TypeId;
      readonly name: string;
      readonly target: TypeId;
    }
  | {
      readonly kind: 'forward';
      readonly id: TypeId;
      readonly name: string;
      /** `union NAME;` instead of `struct NAME;`. */
      readonly union: boolean;
    }
  | {
      readonly kind: 'function';
      readonly id: TypeId;
      readonly name: string;
      readonly prototype: TypeId;
      readonly linkage: BtfLinkage;
    }
  | {
      readonly kind: 'variable';
      readonly id: TypeId;
      readonly name: string;
      readonly type: TypeId;
      readonly linkage: BtfLinkage;
    }
  | {
      readonly kind: 'data_section';
      readonly id: TypeId;
      readonly name: string;
      readonly size: number;
      readonly variables: readonly BtfSectionVariable[];
    }
  | { readonly kind: 'float'; readonly id: TypeId; readonly name: string; readonly size: number }
  | {
      readonly kind: 'declaration_tag';
      readonly id: TypeId;
      readonly name: string;
      readonly target: TypeId;
      /** Member or parameter the tag is on; -1 for the whole type. */
      readonly component: number;
    };

/** A member found by name, also inside anonymous members. */
export interface FoundMember {
  readonly member: BtfMember;
  /** Bit offset from the start of the type that was searched. */
  readonly bitOffset: number;
}

/**
 * Checked BTF. After parsing succeeded every id in it exists, every name is a terminated string, no
 * type contains itself, and chains of types are short, so the accessors cannot fail on what the
 * BTF says; they throw a `Failure` only for an id that the caller made up.
 */
export interface Btf {
  /** The name diagnostics use. */
  readonly file: string;
  /** Number of types with void: ids are 0 to typeCount - 1. */
  readonly typeCount: number;
  kind(id: TypeId): BtfKind;
  /** Name of a type; empty when it has none. */
  name(id: TypeId): string;
  /** Decodes a type; the same value each time. */
  type(id: TypeId): BtfType;
  /** The string at an offset of the string section; undefined when there is none. */
  string(offset: number): string | undefined;
  /** Whether a string begins at an offset and, when asked, has at most `longest` bytes. */
  hasString(offset: number, longest?: number): boolean;
  /** First type with this name, of one of these kinds when given. */
  find(name: string, ...kinds: readonly BtfKind[]): TypeId | undefined;
  /** All types whose name without a `___flavour` is `name`, in order of id. */
  findAll(name: string): readonly TypeId[];
  /** Skips const, volatile, restrict and type tags. */
  skipModifiers(id: TypeId): TypeId;
  /** Skips const, volatile, restrict, type tags and typedefs. */
  resolve(id: TypeId): TypeId;
  /** Bytes of an object of the type; 0 for void, functions and incomplete types. */
  size(id: TypeId): number;
  /** Natural alignment in bytes of the type on a 64-bit CPU; 1 for packed structs. */
  alignment(id: TypeId): number;
  /** Member of a struct or union (modifiers and typedefs are skipped), also inside anonymous members. */
  findMember(id: TypeId, name: string): FoundMember | undefined;
}

/** The function that starts at an instruction. */
export interface FunctionInfo {
  /** Byte offset of the instruction in its ELF section. */
  readonly offset: number;
  /** Id of a type of kind `function`. */
  readonly type: TypeId;
}

/** The C source line of an instruction. */
export interface LineInfo {
  readonly offset: number;
  readonly fileName: string;
  readonly text: string;
  /** 1-based; 0 when unknown. */
  readonly line: number;
  readonly column: number;
}

/** BPF_CORE_* relocation kinds; their position is their number. */
export type CoreKind =
  | 'field_byte_offset'
  | 'field_byte_size'
  | 'field_exists'
  | 'field_signed'
  | 'field_left_shift'
  | 'field_right_shift'
  | 'type_id_local'
  | 'type_id_target'
  | 'type_exists'
  | 'type_size'
  | 'enumerator_exists'
  | 'enumerator_value'
  | 'type_matches';

export interface CoreRelocation {
  /** Byte offset of the instruction in its ELF section. */
  readonly offset: number;
  /** ELF section of the instruction. */
  readonly section: string;
  /** Root type, in the object's own BTF. */
  readonly type: TypeId;
  /** Access string: `0:1:2`. */
  readonly access: string;
  readonly kind: CoreKind;
}

/** Checked .BTF.ext; keys are ELF section names, records are in order of offset. */
export interface BtfExt {
  readonly functionInfo: ReadonlyMap<string, readonly FunctionInfo[]>;
  readonly lineInfo: ReadonlyMap<string, LineTable>;
  readonly coreRelocations: ReadonlyMap<string, readonly CoreRelocation[]>;
}

/** Line information of one ELF section, decoded when asked for. */
export interface LineTable {
  readonly length: number;
  /** Record by position. */
  at(index: number): LineInfo | undefined;
  /** The last record at or before a byte offset; undefined when none. */
  find(offset: number): LineInfo | undefined;
}

/** What a CO-RE relocation comes to. */
export type CoreResolution =
  | {
      readonly kind: 'value';
      /** The value for the target, and the one that the compiler put there. */
      readonly value: bigint;
      readonly localValue: bigint;
      /**
       * How much of the instruction's value must be `localValue` beforehand: its low 32 bits, all of
       * it, or nothing where compilers legitimately differ.
       */
      readonly check: 'none' | 'low' | 'all';
      /** Sizes of the field in bytes when they differ: a load or store changes its width. */
      readonly resize?: { readonly from: number; readonly to: number };
      /** Why a load or store may not change its width although the sizes differ. */
      readonly resizeRefusal?: string;
    }
  /** The target has no such type, field or enumerator: the instruction may not be reached. */
  | { readonly kind: 'poison'; readonly reason: string }
  /** Only the BTF of the target can tell. */
  | { readonly kind: 'needs_target'; readonly reason: string };

/** An instruction after a CO-RE relocation. */
export type CorePatch =
  /** As many bytes as the instruction had. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'poison'; readonly reason: string };
