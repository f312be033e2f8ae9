/**
 * btf: the types that compilers write beside BPF code.
 * In: the bytes of .BTF and .BTF.ext (or of a raw BTF file). Out: checked types, function and line
 * information, resolved CO-RE relocations, C declarations.
 * Does not know ELF sections beyond their names, programs, maps, or what an instruction means other
 * than where a CO-RE relocation patches it.
 */
export { CWriter, declarationsToC, typeName } from './c-writer.ts';
export { resolveCoreRelocation } from './core.ts';
export { patchCoreInstruction } from './core-patch.ts';
export { describe as describeCoreRelocation } from './core-spec.ts';
export { parseBtfExt } from './ext.ts';
export { loadTargetBtf } from './load.ts';
export { essentialName } from './name.ts';
export { parseBtf } from './parse.ts';
export type {
  Btf,
  BtfArray,
  BtfComposite,
  BtfEnum,
  BtfEnumerator,
  BtfExt,
  BtfFunctionPrototype,
  BtfInt,
  BtfKind,
  BtfLinkage,
  BtfMember,
  BtfParameter,
  BtfSectionVariable,
  BtfType,
  CoreKind,
  CorePatch,
  CoreRelocation,
  CoreResolution,
  FoundMember,
  FunctionInfo,
  LineInfo,
  LineTable,
  TypeId,
} from './types.ts';
