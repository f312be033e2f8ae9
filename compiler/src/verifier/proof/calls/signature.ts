/**
 * Signatures of global functions, which are verified apart from their callers: what BTF says a function gets
 * is what its callers must give it, and all that it may count on.
 */
import type { Btf, TypeId } from '../../../btf/index.ts';
import type { BpfObject, ProgramKind } from '../../../object/index.ts';

export type Parameter =
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'context'; readonly name: string }
  | {
      readonly kind: 'memory';
      readonly name: string;
      readonly size: number;
      readonly nullable: boolean;
    }
  | { readonly kind: 'dynptr'; readonly name: string };

export type Signature =
  | { readonly kind: 'known'; readonly parameters: readonly Parameter[] }
  /** Why no caller can be checked against it. */
  | { readonly kind: 'unusable'; readonly message: string; readonly help?: string };

const MOST_PARAMETERS = 5;

/** Names of the structures that are a program's context, by its type. */
const CONTEXTS: Readonly<Record<ProgramKind, readonly string[]>> = {
  kprobe: ['pt_regs', 'user_pt_regs', 'user_regs_struct'],
  perf_event: ['bpf_perf_event_data'],
  raw_tracepoint: ['bpf_raw_tracepoint_args'],
  socket_filter: ['__sk_buff'],
  tc: ['__sk_buff'],
  xdp: ['xdp_md'],
  tracepoint: [],
  raw: [],
  other: [],
};

const TAGS = ['arg:ctx', 'arg:nonnull'];

/** Tags of each parameter (by `__arg_ctx` and so on), by function type. */
function tagsOf(btf: Btf): ReadonlyMap<TypeId, ReadonlyMap<number, readonly string[]>> {
  const found = new Map<TypeId, Map<number, string[]>>();
  for (let id = 1; id < btf.typeCount; id++) {
    if (btf.kind(id) !== 'declaration_tag') continue;
    const tag = btf.type(id);
    if (tag.kind !== 'declaration_tag' || tag.component < 0 || !tag.name.startsWith('arg:'))
      continue;
    const ofFunction = found.get(tag.target) ?? new Map<number, string[]>();
    found.set(tag.target, ofFunction);
    const names = ofFunction.get(tag.component) ?? [];
    ofFunction.set(tag.component, names);
    names.push(tag.name);
  }
  return found;
}

type Tags = ReturnType<typeof tagsOf>;

const tags = new WeakMap<Btf, Tags>();
const known = new WeakMap<BpfObject, Map<string, Signature>>();

/** The signature of a global function as BTF has it; undefined when BTF says nothing of it. */
export function signatureOf(
  object: BpfObject,
  fn: number,
  kind: ProgramKind,
): Signature | undefined {
  const { btf } = object;
  const { btfFunction } = object.functions[fn]!;
  if (btf === undefined || btfFunction === undefined) return undefined;
  const signatures = known.get(object) ?? new Map<string, Signature>();
  known.set(object, signatures);
  const key = `${fn} ${kind}`;
  let signature = signatures.get(key);
  if (signature === undefined) {
    signature = read(object, btf, fn, btfFunction, kind);
    signatures.set(key, signature);
  }
  return signature;
}

function isNumber(btf: Btf, id: TypeId): boolean {
  const kind = btf.kind(btf.resolve(id));
  return kind === 'int' || kind === 'enum' || kind === 'enum64';
}

function read(object: BpfObject, btf: Btf, fn: number, id: TypeId, kind: ProgramKind): Signature {
  const { name } = object.functions[fn]!;
  const type = btf.type(id);
  const prototype = type.kind === 'function' ? btf.type(type.prototype) : undefined;
  if (prototype?.kind !== 'function_prototype') {
    return { kind: 'unusable', message: `the type of the global function ${name} is no function` };
  }
  if (!isNumber(btf, prototype.result)) {
    return {
      kind: 'unusable',
      message: `the global function ${name} returns no number`,
      help: 'let it return int, or declare it static',
    };
  }
  if (prototype.parameters.length > MOST_PARAMETERS || prototype.variadic) {
    return {
      kind: 'unusable',
      message: `the global function ${name} has more than ${MOST_PARAMETERS} parameters`,
      help: 'pass a pointer to a structure',
    };
  }
  let all = tags.get(btf);
  if (all === undefined) {
    all = tagsOf(btf);
    tags.set(btf, all);
  }
  const ofFunction = all.get(id);
  const parameters: Parameter[] = [];
  for (const [index, parameter] of prototype.parameters.entries()) {
    const named = parameter.name === '' ? `parameter ${index + 1}` : parameter.name;
    const one = parameterOf(btf, parameter.type, named, kind, ofFunction?.get(index) ?? []);
    if (typeof one === 'string') {
      return {
        kind: 'unusable',
        message: `${named} of the global function ${name} ${one}`,
        help: 'use numbers and pointers to structures of a known size, or declare the function static',
      };
    }
    parameters.push(one);
  }
  return { kind: 'known', parameters };
}

/** The parameter, or why it cannot be one. */
function parameterOf(
  btf: Btf,
  id: TypeId,
  name: string,
  kind: ProgramKind,
  ofParameter: readonly string[],
): Parameter | string {
  const type = btf.type(btf.resolve(id));
  const unknown = ofParameter.find((tag) => !TAGS.includes(tag));
  if (unknown !== undefined) return `has the tag ${unknown}, which is not supported`;
  if (type.kind !== 'pointer') {
    if (ofParameter.length > 0) return 'has a tag for pointers, but is no pointer';
    if (type.kind === 'int' || type.kind === 'enum' || type.kind === 'enum64') {
      return { kind: 'scalar', name };
    }
    return 'is neither a number nor a pointer';
  }
  const pointee = btf.type(btf.resolve(type.target));
  const structure = pointee.kind === 'struct' ? pointee.name : '';
  if (ofParameter.includes('arg:ctx') || CONTEXTS[kind].includes(structure)) {
    if (ofParameter.includes('arg:nonnull')) return 'has tags that do not go together';
    return { kind: 'context', name };
  }
  if (structure === 'bpf_dynptr') {
    return ofParameter.length > 0 ? 'is a dynptr with a tag' : { kind: 'dynptr', name };
  }
  const sized = !['void', 'function', 'function_prototype', 'forward'].includes(pointee.kind);
  const size = sized ? btf.size(pointee.id) : 0;
  if (!sized || (size === 0 && pointee.kind !== 'struct')) {
    return 'is a pointer to something of unknown size';
  }
  return { kind: 'memory', name, size, nullable: !ofParameter.includes('arg:nonnull') };
}
