import { type BpfKernel, bpfKernel, type KernelError } from '../codegen/index.ts';
import type { BpfFunction, BpfMap, BpfObject, DataSection } from '../object/index.ts';
import type { Descriptors } from './join.ts';
import type { ProgramTypes } from './object-btf.ts';

const MAP_TYPE_ARRAY = 2;
const FLAG_READ_ONLY_PROGRAM = 1 << 7;
const FLAG_NUMA_NODE = 1 << 2;
const PAGE = 4096;
const LARGEST_RING = 2 ** 31;

/** Kinds whose elements the verifier knows nothing about: their number is of no account to it. */
const COUNT_IS_FREE = new Set([
  ...['hash', 'percpu_hash', 'lru_hash', 'lru_percpu_hash', 'hash_of_maps', 'stack_trace'],
  ...['queue', 'stack', 'bloom_filter', 'sockhash', 'devmap_hash'],
]);
const ENOUGH = 1024;

/** Kinds that the kernel wants no types with. */
const UNTYPED = new Set([
  ...['perf_event_array', 'cgroup_array', 'stack_trace', 'array_of_maps', 'hash_of_maps'],
  ...['devmap', 'devmap_hash', 'cpumap', 'xskmap', 'sockmap', 'sockhash', 'ringbuf'],
  ...['user_ringbuf', 'queue', 'stack', 'bloom_filter', 'prog_array'],
]);

/** Kinds whose element count of 0 stands for the number of CPUs. */
const COUNT_IS_CPUS = new Set(['perf_event_array']);

/** A map that the kernel refused. */
export class MapRefusal extends Error {
  readonly errno: string;

  constructor(name: string, error: KernelError) {
    super(`map ${name}: ${error.message}`);
    this.errno = error.code;
  }
}

/** Makes maps and keeps the descriptors of all it made. */
export class MapMaker {
  readonly #kernel: BpfKernel = bpfKernel();
  readonly #btf: number | undefined;
  readonly #opened: number[];

  /** `btf` is the descriptor of the object's types; descriptors are added to `opened`. */
  constructor(btf: number | undefined, opened: number[]) {
    this.#btf = btf;
    this.#opened = opened;
  }

  /** Makes what the code of these functions refers to. */
  make(
    object: BpfObject,
    functions: readonly BpfFunction[],
    types: ProgramTypes | undefined,
  ): Descriptors {
    const maps = new Map<number, number>();
    const data = new Map<number, number>();
    for (const fn of functions) {
      for (const instruction of fn.instructions) {
        if (instruction.kind !== 'reference') continue;
        const { reference } = instruction;
        if (reference.kind === 'map' || reference.kind === 'map_value') {
          if (!maps.has(reference.map)) {
            maps.set(reference.map, this.#map(object.maps[reference.map]!));
          }
        } else if (reference.kind === 'data' && !data.has(reference.section)) {
          const section = object.data[reference.section]!;
          const type = types?.sections.get(section.index);
          data.set(section.index, this.#section(section, sectionMapName(object, section), type));
        }
      }
    }
    return { maps, data };
  }

  #map(map: BpfMap): number {
    const innerMap = map.inner === undefined ? undefined : this.#map(map.inner);
    const base = {
      type: map.type,
      keySize: map.keySize,
      valueSize: map.valueSize,
      maxEntries: entriesOf(map),
      flags: map.flags,
      extra: Number(BigInt.asUintN(32, map.extra)),
      ...((map.flags & FLAG_NUMA_NODE) !== 0 && { numaNode: map.numaNode }),
      ...(innerMap !== undefined && { innerMap }),
    };
    const typed = this.#types(map);
    try {
      return this.#create(map.name, { ...base, ...typed });
    } catch (error) {
      if (Object.keys(typed).length === 0) throw error;
      // Loaders do so too: types that do not fit are worth less than a map.
      return this.#create(map.name, base);
    }
  }

  #types(map: BpfMap): { btf?: number; keyType?: number; valueType?: number } {
    if (this.#btf === undefined || UNTYPED.has(map.typeName)) return {};
    if (map.keyType === undefined || map.valueType === undefined) return {};
    return { btf: this.#btf, keyType: map.keyType, valueType: map.valueType };
  }

  /** A data section is an array of one element; what is constant is filled in and sealed. */
  #section(section: DataSection, name: string, valueType: number | undefined): number {
    const constant = section.kind === 'rodata' || section.kind === 'kconfig';
    const base = {
      type: MAP_TYPE_ARRAY,
      keySize: 4,
      valueSize: section.size,
      maxEntries: 1,
      flags: constant ? FLAG_READ_ONLY_PROGRAM : 0,
    };
    let fd: number;
    if (this.#btf === undefined || valueType === undefined) fd = this.#create(name, base);
    else {
      try {
        fd = this.#create(name, { ...base, btf: this.#btf, keyType: 0, valueType });
      } catch {
        fd = this.#create(name, base);
      }
    }
    try {
      if (section.kind !== 'bss') {
        this.#kernel.mapUpdate(fd, new Uint8Array(4), Uint8Array.from(section.bytes));
      }
      if (constant) this.#kernel.mapFreeze(fd);
    } catch (error) {
      throw new MapRefusal(section.name, error as KernelError);
    }
    return fd;
  }

  #create(name: string, options: Parameters<BpfKernel['mapCreate']>[0]): number {
    try {
      // Maps have names in the log; the kernel takes few characters in them.
      const fd = this.#kernel.mapCreate({ ...options, name: name.replace(/[^\w.]/g, '_') });
      this.#opened.push(fd);
      return fd;
    } catch (error) {
      throw new MapRefusal(name, error as KernelError);
    }
  }
}

const LONGEST_NAME = 15;

/** What libbpf calls the map of a data section: as much of the object's name as fits before the section's. */
function sectionMapName(object: BpfObject, { name }: DataSection): string {
  if (!/^\.(data|rodata|bss|kconfig)$/.test(name)) return name;
  return object.name.slice(0, Math.max(0, LONGEST_NAME - Math.max(7, name.length))) + name;
}

/** The number of elements to ask for: what loaders correct, and no more memory than the answer needs. */
function entriesOf(map: BpfMap): number {
  const { typeName, maxEntries } = map;
  if (typeName === 'ringbuf' || typeName === 'user_ringbuf') {
    let size = PAGE;
    while (size < maxEntries && size < LARGEST_RING) size *= 2;
    return maxEntries === 0 ? 0 : Math.min(size, PAGE * ENOUGH);
  }
  if (maxEntries === 0 && COUNT_IS_CPUS.has(typeName)) return 1;
  return COUNT_IS_FREE.has(typeName) ? Math.min(maxEntries, ENOUGH) : maxEntries;
}
