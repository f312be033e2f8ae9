import type { BpfMap } from '../object/index.ts';
import * as errno from './errno.ts';
import { Fault } from './fault.ts';
import { type AddressSpace, READ_ONLY, type Region, type RegionOptions } from './memory.ts';

/** Map types by UAPI number, as far as the interpreter has them. */
export const mapType = {
  hash: 1,
  array: 2,
  progArray: 3,
  perfEventArray: 4,
  percpuHash: 5,
  percpuArray: 6,
  lruHash: 9,
  lruPercpuHash: 10,
  lpmTrie: 11,
  arrayOfMaps: 12,
  hashOfMaps: 13,
  queue: 22,
  stack: 23,
  ringbuf: 27,
  bloomFilter: 30,
} as const;

const BPF_NOEXIST = 1n;
const BPF_EXIST = 2n;
const BPF_F_RDONLY_PROG = 1 << 7;

/**
 * A map. Results are helper results: an address or 0 for lookups, 0 or a negative error number else.
 * Operations that a type does not have fault, as the kernel refuses programs that use them.
 */
export abstract class InterpMap {
  readonly definition: BpfMap;
  /** The map itself, which programs hand to helpers and cannot look into. */
  readonly handle: Region;

  constructor(definition: BpfMap, space: AddressSpace) {
    this.definition = definition;
    this.handle = space.add(`map ${definition.name}`, new Uint8Array(0), { writable: READ_ONLY });
  }

  /** Whether user space alone changes the map. */
  get readOnly(): boolean {
    return (this.definition.flags & BPF_F_RDONLY_PROG) !== 0;
  }

  /** Restrictions on the memory of values. */
  protected get access(): RegionOptions {
    return this.readOnly ? { writable: READ_ONLY } : {};
  }

  lookup(_key: Uint8Array): bigint {
    return this.refuse('be looked up in');
  }

  update(_key: Uint8Array, _value: Uint8Array, _flags: bigint): bigint {
    return this.refuse('be updated');
  }

  delete(_key: Uint8Array): bigint {
    return this.refuse('have elements deleted');
  }

  /** Keys and values in the order of iteration. */
  elements(): Iterable<{ readonly key: Uint8Array; readonly value: Region }> {
    return this.refuse('be iterated over');
  }

  /** Ends the run: the operation does not exist for this type. */
  refuse(what: string): never {
    const { name, typeName } = this.definition;
    throw new Fault('map_operation', `map ${name} of type ${typeName} cannot ${what} by a program`);
  }
}

/** Checks the flags of an update against whether the key exists. */
function existence(flags: bigint, exists: boolean): bigint {
  if (flags > BPF_EXIST) return errno.EINVAL;
  if (flags === BPF_NOEXIST && exists) return errno.EEXIST;
  if (flags === BPF_EXIST && !exists) return errno.ENOENT;
  return 0n;
}

/** Arrays: every element exists from the start. Elements come into memory when first touched. */
export class ArrayMap extends InterpMap {
  readonly #space: AddressSpace;
  readonly #values = new Map<number, Region>();

  constructor(definition: BpfMap, space: AddressSpace) {
    super(definition, space);
    this.#space = space;
  }

  /** The element, which must exist. */
  element(index: number): Region {
    let region = this.#values.get(index);
    if (region === undefined) {
      const { name, valueSize } = this.definition;
      region = this.#space.add(`${name}[${index}]`, new Uint8Array(valueSize), this.access);
      this.#values.set(index, region);
    }
    return region;
  }

  #index(key: Uint8Array): number | undefined {
    const index = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
    return index < this.definition.maxEntries ? index : undefined;
  }

  override lookup(key: Uint8Array): bigint {
    const index = this.#index(key);
    return index === undefined ? 0n : this.element(index).base;
  }

  override update(key: Uint8Array, value: Uint8Array, flags: bigint): bigint {
    if (flags > BPF_EXIST) return errno.EINVAL;
    const index = this.#index(key);
    if (index === undefined) return errno.E2BIG;
    if (flags === BPF_NOEXIST) return errno.EEXIST;
    this.element(index).bytes.set(value);
    return 0n;
  }

  override delete(_key: Uint8Array): bigint {
    return errno.EINVAL;
  }

  override *elements(): Generator<{ readonly key: Uint8Array; readonly value: Region }> {
    for (let index = 0; index < this.definition.maxEntries; index++) {
      yield { key: indexKey(index), value: this.element(index) };
    }
  }
}

/** The key of an array's element, or of another map whose keys are `size` bytes long. */
export function indexKey(index: number, size = 4): Uint8Array {
  const key = new Uint8Array(Math.max(4, size));
  new DataView(key.buffer).setUint32(0, index, true);
  return key;
}

/**
 * Hashes. A value that was deleted stays readable for the run, as it does in the kernel until the
 * grace period ends. `evicts`: a full map gives up the element used longest ago; the kernel only
 * approximates that order.
 */
export class HashMap extends InterpMap {
  readonly #space: AddressSpace;
  readonly #evicts: boolean;
  readonly #elements = new Map<string, { readonly key: Uint8Array; readonly value: Region }>();

  constructor(definition: BpfMap, space: AddressSpace, evicts: boolean) {
    super(definition, space);
    this.#space = space;
    this.#evicts = evicts;
  }

  #find(key: Uint8Array): { readonly key: Uint8Array; readonly value: Region } | undefined {
    const text = Buffer.from(key).toString('hex');
    const element = this.#elements.get(text);
    if (element !== undefined && this.#evicts) {
      // A Map iterates in order of insertion: re-inserting makes the element the youngest.
      this.#elements.delete(text);
      this.#elements.set(text, element);
    }
    return element;
  }

  override lookup(key: Uint8Array): bigint {
    return this.#find(key)?.value.base ?? 0n;
  }

  override update(key: Uint8Array, value: Uint8Array, flags: bigint): bigint {
    const element = this.#find(key);
    const error = existence(flags, element !== undefined);
    if (error !== 0n) return error;
    if (element !== undefined) {
      element.value.bytes.set(value);
      return 0n;
    }
    if (this.#elements.size >= this.definition.maxEntries) {
      const oldest = this.#elements.keys().next();
      if (!this.#evicts || oldest.done) return errno.E2BIG;
      this.#elements.delete(oldest.value);
    }
    const text = Buffer.from(key).toString('hex');
    const region = this.#space.add(
      `${this.definition.name}[${text}]`,
      Uint8Array.from(value),
      this.access,
    );
    this.#elements.set(text, { key: Uint8Array.from(key), value: region });
    return 0n;
  }

  override delete(key: Uint8Array): bigint {
    return this.#elements.delete(Buffer.from(key).toString('hex')) ? 0n : errno.ENOENT;
  }

  /** Of this moment: the program may delete while it iterates. */
  override elements(): readonly { readonly key: Uint8Array; readonly value: Region }[] {
    return [...this.#elements.values()];
  }
}

/** Program arrays and maps of maps: keys lead to a function's index or to another map. */
export class ReferenceMap<Target> extends InterpMap {
  readonly #targets = new Map<string, Target>();
  readonly #addressOf: ((target: Target) => bigint) | undefined;

  /** `addressOf`: what a lookup by a program gives, where programs may look up. */
  constructor(
    definition: BpfMap,
    space: AddressSpace,
    addressOf: ((target: Target) => bigint) | undefined,
  ) {
    super(definition, space);
    this.#addressOf = addressOf;
  }

  set(key: Uint8Array, target: Target): void {
    this.#targets.set(Buffer.from(key).toString('hex'), target);
  }

  target(key: Uint8Array): Target | undefined {
    return this.#targets.get(Buffer.from(key).toString('hex'));
  }

  override lookup(key: Uint8Array): bigint {
    if (this.#addressOf === undefined) return super.lookup(key);
    const target = this.target(key);
    return target === undefined ? 0n : this.#addressOf(target);
  }
}

const BPF_ANY_OR_EXIST = new Set([0n, BPF_EXIST]);

/** Queues and stacks. */
export class QueueMap extends InterpMap {
  readonly #values: Uint8Array[] = [];

  push(value: Uint8Array, flags: bigint): bigint {
    if (!BPF_ANY_OR_EXIST.has(flags)) return errno.EINVAL;
    if (this.#values.length >= this.definition.maxEntries) {
      if (flags !== BPF_EXIST) return errno.E2BIG;
      // Making room takes the oldest, for a stack too.
      this.#values.shift();
    }
    this.#values.push(Uint8Array.from(value));
    return 0n;
  }

  /** The next value; `remove` takes it out. */
  next(remove: boolean): Uint8Array | undefined {
    const last = this.definition.type === mapType.stack;
    const value = last ? this.#values.at(-1) : this.#values[0];
    if (remove) last ? this.#values.pop() : this.#values.shift();
    return value;
  }

  /** Values from the oldest to the youngest. */
  values(): readonly Uint8Array[] {
    return this.#values;
  }
}
