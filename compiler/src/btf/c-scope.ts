import { identifier } from './c-names.ts';
import type { Btf, BtfComposite, TypeId } from './types.ts';

/** C names of the members of a struct, also of those inside its anonymous members. */
export function memberNames(btf: Btf, type: BtfComposite): ReadonlySet<string> {
  const names = new Set<string>();
  const seen = new Set<TypeId>([type.id]);
  const left: BtfComposite[] = [type];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const member of next.members) {
      if (member.name !== '') names.add(identifier(member.name));
      const inner = btf.type(member.type);
      const isAnonymous = member.name === '' && !seen.has(member.type);
      if (isAnonymous && (inner.kind === 'struct' || inner.kind === 'union')) {
        seen.add(inner.id);
        left.push(inner);
      }
    }
  }
  return names;
}

/** The names of a struct's members, with those inside its anonymous members. */
export class MemberScope {
  readonly #reserved: ReadonlySet<string>;
  readonly #used = new Set<string>();
  #count = 0;

  /** `reserved`: names of real members, which padding stays away from. */
  constructor(reserved: ReadonlySet<string>) {
    this.#reserved = reserved;
  }

  /** A name for a member; another one when two members have the same. */
  member(wanted: string): string {
    return this.#take(wanted, false);
  }

  /** A name for padding that no member has. */
  padding(): string {
    return this.#take('padding', true);
  }

  #take(wanted: string, isPadding: boolean): string {
    let name = wanted;
    while (this.#used.has(name) || (isPadding && this.#reserved.has(name))) {
      this.#count += 1;
      name = `${wanted}_${this.#count}`;
    }
    this.#used.add(name);
    return name;
  }
}
