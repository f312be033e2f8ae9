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
