import { matchEnumerator, matchField, sameKind } from './core-match.ts';
import {
  describe,
  type Path,
  parsePath,
  refuseRelocation,
  subject,
  typeTitle,
} from './core-spec.ts';
import { TypeComparison } from './core-types.ts';
import { type Answer, enumeratorAnswer, fieldAnswer, typeAnswer } from './core-value.ts';
import { essentialName } from './name.ts';
import type { Btf, CoreRelocation, CoreResolution, TypeId } from './types.ts';

/**
 * Register files of user space: their layout is fixed by the ABI that the object was compiled for,
 * so the object's own BTF answers for them.
 */
const ABI_TYPES: ReadonlySet<string> = new Set([
  'pt_regs',
  'user_pt_regs',
  'user_regs_struct',
  'bpf_user_pt_regs_t',
]);

/**
 * Finds the value of a CO-RE relocation of an object with BTF `local` on the system whose BTF is
 * `target`. Throws a `Failure` when the relocation is malformed or the target's candidates disagree.
 */
export function resolveCoreRelocation(
  local: Btf,
  target: Btf | undefined,
  relocation: CoreRelocation,
): CoreResolution {
  const path = parsePath(local, relocation);
  if (relocation.kind === 'type_id_local') {
    const value = BigInt(relocation.type);
    return { kind: 'value', value, localValue: value, check: 'none' };
  }
  const name = local.name(relocation.type);
  if (name === '') refuseRelocation(local, relocation, 'types without a name cannot be relocated');
  const own = answer(relocation, path, (message) => refuseRelocation(local, relocation, message));
  const fromAbi = resolveAbiType(local, relocation, path, own);
  if (fromAbi !== undefined) return fromAbi;
  if (target === undefined) {
    return { kind: 'needs_target', reason: `${describe(local, relocation)} depends on the target` };
  }
  const found = searchTarget(local, target, relocation, path);
  return combine(local, relocation, own, found);
}

/** What one side says; undefined asks for poison. */
function answer(
  relocation: CoreRelocation,
  path: Path | undefined,
  refuse: (message: string) => never,
): Answer | undefined {
  switch (subject(relocation.kind)) {
    case 'field':
      return fieldAnswer(relocation.kind, path, refuse);
    case 'type':
      return typeAnswer(relocation.kind, path, refuse);
    case 'enumerator':
      return enumeratorAnswer(relocation.kind, path);
  }
}

interface Found {
  readonly btf: Btf;
  readonly answer: Answer | undefined;
}

/** Asks all types of the target that may be meant; they must agree. */
function searchTarget(
  local: Btf,
  target: Btf,
  relocation: CoreRelocation,
  path: Path,
  accept: (candidate: TypeId) => boolean = () => true,
): Found {
  const refuse = (message: string): never => refuseRelocation(local, relocation, message);
  const kind = local.kind(relocation.type);
  const comparison = new TypeComparison(local, target);
  let first: { path: Path; answer: Answer | undefined } | undefined;
  for (const candidate of target.findAll(essentialName(local.name(relocation.type)))) {
    if (!sameKind(kind, target.kind(candidate)) || !accept(candidate)) continue;
    const matched = matchCandidate(relocation, path, target, candidate, comparison, refuse);
    if (matched === undefined) continue;
    const said = answer(relocation, matched, refuse);
    if (first === undefined) {
      first = { path: matched, answer: said };
    } else if (first.path.bitOffset !== matched.bitOffset || first.answer?.value !== said?.value) {
      refuseRelocation(
        local,
        relocation,
        `types ${first.path.root} and ${candidate} of ${target.file} disagree`,
        'BPF-B021',
        `the target has several types named ${typeTitle(target, candidate)}`,
      );
    }
  }
  return {
    btf: target,
    answer: first === undefined ? answer(relocation, undefined, refuse) : first.answer,
  };
}

function matchCandidate(
  relocation: CoreRelocation,
  path: Path,
  target: Btf,
  candidate: TypeId,
  comparison: TypeComparison,
  refuse: (message: string) => never,
): Path | undefined {
  const asType = { btf: target, root: candidate, steps: [], bitOffset: 0 };
  switch (subject(relocation.kind)) {
    case 'field':
      return matchField(path, target, candidate, refuse);
    case 'enumerator':
      return matchEnumerator(path, target, candidate);
    case 'type': {
      const isSame =
        relocation.kind === 'type_matches'
          ? comparison.isMatch(relocation.type, candidate)
          : comparison.areCompatible(relocation.type, candidate);
      return isSame ? asType : undefined;
    }
  }
}

/**
 * Relocations of register files need no target. A flavour (`pt_regs___arm64`) may be a fragment
 * whose offsets mean nothing, so it is looked up in the object's full definition, if it has one.
 */
function resolveAbiType(
  local: Btf,
  relocation: CoreRelocation,
  path: Path,
  own: Answer | undefined,
): CoreResolution | undefined {
  const name = local.name(relocation.type);
  const essential = essentialName(name);
  if (!ABI_TYPES.has(essential) || relocation.kind === 'type_id_target') return undefined;
  if (name === essential) return combine(local, relocation, own, { btf: local, answer: own });
  const found = searchTarget(local, local, relocation, path, (id) => local.name(id) === essential);
  const isFound = found.answer !== undefined && found.answer.value !== 0n;
  return isFound ? combine(local, relocation, own, found) : undefined;
}

function combine(
  local: Btf,
  relocation: CoreRelocation,
  own: Answer | undefined,
  found: Found,
): CoreResolution {
  if (own === undefined || found.answer === undefined) {
    return {
      kind: 'poison',
      reason: `${found.btf.file} has nothing for ${describe(local, relocation)}`,
    };
  }
  const result = {
    kind: 'value' as const,
    value: found.answer.value,
    localValue: own.value,
    check: own.check,
  };
  const before = own.accessed;
  const after = found.answer.accessed;
  const from = before?.size ?? 0;
  const to = after?.size ?? 0;
  if (from === to) return result;
  const resize = { from, to };
  if (before !== undefined && after !== undefined) {
    const left = local.type(before.type);
    const right = found.btf.type(after.type);
    const arePointers = left.kind === 'pointer' && right.kind === 'pointer';
    const areUnsigned =
      left.kind === 'int' && right.kind === 'int' && !left.signed && !right.signed;
    if (arePointers || areUnsigned) return { ...result, resize };
  }
  const sizes = `the field has ${to} bytes on the target, not ${from}, and is no unsigned integer`;
  return { ...result, resize, resizeRefusal: `${sizes}: ${describe(local, relocation)}` };
}
