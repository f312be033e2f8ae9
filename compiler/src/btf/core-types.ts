import { sameKind } from './core-match.ts';
import { sameEssentialName } from './core-spec.ts';
import { essentialName } from './name.ts';
import type {
  Btf,
  BtfComposite,
  BtfEnum,
  BtfFunctionPrototype,
  BtfMember,
  TypeId,
} from './types.ts';

/** Two BTFs whose types are compared, and the answers so far: shared parts are compared once. */
export class TypeComparison {
  readonly #local: Btf;
  readonly #target: Btf;
  readonly #compatible = new Map<string, boolean>();
  readonly #matching = new Map<string, boolean>();

  constructor(local: Btf, target: Btf) {
    this.#local = local;
    this.#target = target;
  }

  /**
   * The loose rule (type exists, type size, type id): the same kind all the way down pointers,
   * arrays and prototypes. Names are not looked at; composites and enums end the comparison.
   */
  areCompatible(localId: TypeId, targetId: TypeId): boolean {
    if (!sameKind(this.#local.kind(localId), this.#target.kind(targetId))) return false;
    return this.#areCompatible(localId, targetId);
  }

  /**
   * The strict rule (type matches): also the same names, sizes of integers, lengths of arrays, and
   * every member and enumerator of the object's type present in the target's. Behind a pointer only
   * the name and the kind of a composite count.
   */
  isMatch(localId: TypeId, targetId: TypeId): boolean {
    return this.#isMatch(localId, targetId, false);
  }

  #areCompatible(localId: TypeId, targetId: TypeId): boolean {
    const left = this.#local.resolve(localId);
    const right = this.#target.resolve(targetId);
    const key = `${left}:${right}`;
    let answer = this.#compatible.get(key);
    if (answer === undefined) {
      answer = this.#compareLoosely(left, right);
      this.#compatible.set(key, answer);
    }
    return answer;
  }

  #compareLoosely(left: TypeId, right: TypeId): boolean {
    const local = this.#local.type(left);
    const target = this.#target.type(right);
    if (!sameKind(local.kind, target.kind)) return false;
    switch (local.kind) {
      case 'void':
      case 'struct':
      case 'union':
      case 'enum':
      case 'enum64':
      case 'forward':
        return true;
      case 'int':
        return local.bitOffset === 0 && target.kind === 'int' && target.bitOffset === 0;
      case 'pointer':
        return target.kind === 'pointer' && this.#areCompatible(local.target, target.target);
      case 'array':
        return target.kind === 'array' && this.#areCompatible(local.element, target.element);
      case 'function_prototype':
        return (
          target.kind === 'function_prototype' &&
          samePrototype(local, target, (a, b) => this.#areCompatible(a, b))
        );
      default:
        return false;
    }
  }

  #isMatch(localId: TypeId, targetId: TypeId, behindPointer: boolean): boolean {
    const left = this.#local.resolve(localId);
    const right = this.#target.resolve(targetId);
    const key = `${left}:${right}:${behindPointer}`;
    let answer = this.#matching.get(key);
    if (answer === undefined) {
      answer = this.#compareStrictly(left, right, behindPointer);
      this.#matching.set(key, answer);
    }
    return answer;
  }

  #compareStrictly(left: TypeId, right: TypeId, behindPointer: boolean): boolean {
    if (!sameEssentialName(this.#local.name(left), this.#target.name(right))) return false;
    const local = this.#local.type(left);
    const target = this.#target.type(right);
    switch (local.kind) {
      case 'void':
        return target.kind === 'void';
      case 'forward':
        if (target.kind === 'forward') return local.union === target.union;
        return behindPointer && target.kind === (local.union ? 'union' : 'struct');
      case 'struct':
      case 'union':
        if (behindPointer && target.kind === 'forward') {
          return target.union === (local.kind === 'union');
        }
        if (target.kind !== local.kind) return false;
        return behindPointer || this.#compositesMatch(local, target as BtfComposite);
      case 'enum':
      case 'enum64':
        return sameKind(local.kind, target.kind) && enumsMatch(local, target as BtfEnum);
      case 'int':
        return (
          target.kind === 'int' && local.size === target.size && local.signed === target.signed
        );
      case 'pointer':
        return target.kind === 'pointer' && this.#isMatch(local.target, target.target, true);
      case 'array':
        return (
          target.kind === 'array' &&
          local.count === target.count &&
          this.#isMatch(local.element, target.element, behindPointer)
        );
      case 'function_prototype':
        return (
          target.kind === 'function_prototype' &&
          samePrototype(local, target, (a, b) => this.#isMatch(a, b, behindPointer))
        );
      default:
        return false;
    }
  }

  #compositesMatch(local: BtfComposite, target: BtfComposite): boolean {
    if (local.members.length > target.members.length) return false;
    const byName = new Map<string, BtfMember[]>();
    for (const member of target.members) {
      const name = essentialName(member.name);
      const same = byName.get(name);
      if (same === undefined) byName.set(name, [member]);
      else same.push(member);
    }
    return local.members.every((member) =>
      byName
        .get(essentialName(member.name))
        ?.some((other) => this.#isMatch(member.type, other.type, false)),
    );
  }
}

function enumsMatch(local: BtfEnum, target: BtfEnum): boolean {
  if (local.values.length > target.values.length) return false;
  const names = new Set(target.values.map((value) => essentialName(value.name)));
  return local.values.every((value) => names.has(essentialName(value.name)));
}

function samePrototype(
  local: BtfFunctionPrototype,
  target: BtfFunctionPrototype,
  same: (localId: TypeId, targetId: TypeId) => boolean,
): boolean {
  return (
    local.parameters.length === target.parameters.length &&
    local.variadic === target.variadic &&
    local.parameters.every((each, index) => same(each.type, target.parameters[index]!.type)) &&
    same(local.result, target.result)
  );
}
