import { Failure } from '../diag/index.ts';
import type { BpfMap, BpfObject, BpfProgram } from '../object/index.ts';
import { BloomMap } from './bloom.ts';
import { startContext } from './context.ts';
import { EventArray, RingBuffer } from './events.ts';
import { Fault } from './fault.ts';
import { helperTable } from './helpers.ts';
import { PrefixMap } from './lpm.ts';
import { Machine, type World } from './machine.ts';
import {
  ArrayMap,
  HashMap,
  type InterpMap,
  indexKey,
  mapType,
  QueueMap,
  ReferenceMap,
} from './maps.ts';
import { AddressSpace, READ_ONLY } from './memory.ts';
import type { Environment, InterpResult, InterpreterOptions, RunOptions } from './types.ts';

const DEFAULT_BUDGET = 10_000_000;
const KERNEL_MAY_GOTO_LIMIT = 8 * 1024 * 1024;

function repeatableEnvironment(): Environment {
  let time = 1_000_000_000n;
  let state = 1;
  return {
    time: () => {
      time += 1000n;
      return time;
    },
    random: () => {
      // A linear congruence is random enough for what tests look at.
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state;
    },
    cpu: 0,
    pidTgid: (1n << 32n) | 1n,
    uidGid: 0n,
    cookie: 0n,
    comm: 'interp',
  };
}

/**
 * An object loaded for interpretation: its maps and data keep their contents from run to run. Depends on
 * nothing but the object: not on what the verifier proved, so programs that it would refuse run until
 * they do something that has no meaning.
 */
export class Interpreter {
  readonly #object: BpfObject;
  readonly #world: World;

  constructor(object: BpfObject, options: InterpreterOptions = {}) {
    this.#object = object;
    const strict = options.strict ?? false;
    const space = new AddressSpace({
      initialised: strict || (options.strictStack ?? false),
      aligned: strict,
    });
    const maps: InterpMap[] = [];
    for (const definition of object.maps) {
      maps.push(makeMap(definition, space, (index) => maps[index]!.handle.base));
    }
    object.maps.forEach((definition, index) => {
      fillInitial(definition, maps[index]!);
    });
    const functions = object.functions.map(({ name }) =>
      space.add(`function ${name}`, new Uint8Array(0), { writable: READ_ONLY }),
    );
    this.#world = {
      object,
      space,
      strict,
      environment: { ...repeatableEnvironment(), ...options.environment },
      maps,
      mapsByHandle: new Map(maps.map((map) => [map.handle.base, map])),
      data: object.data.map((section) => {
        const constant = section.kind === 'rodata' || section.kind === 'kconfig';
        const bytes = Uint8Array.from(section.bytes);
        return space.add(section.name, bytes, constant ? { writable: READ_ONLY } : {});
      }),
      functions,
      functionsByAddress: new Map(functions.map(({ base }, index) => [base, index])),
      helpers: helperTable(maps),
      mayGotoLimit: options.mayGotoLimit ?? KERNEL_MAY_GOTO_LIMIT,
    };
  }

  /** Runs one program to its end, or to the first thing it must not do. */
  run(options: RunOptions = {}): InterpResult {
    const program = this.#program(options.program ?? 0);
    const { space, strict } = this.#world;
    const start = startContext(space, program.kind, options, strict);
    const budget = options.budget ?? DEFAULT_BUDGET;
    const machine = new Machine(this.#world, start, budget, options.observe);
    // A packet that the program made longer or shorter comes back as it is.
    const given = (options.memory ?? options.context ?? []).length;
    const outcome = (): Pick<InterpResult, 'memory' | 'trace' | 'executed'> => ({
      memory: start.packet?.bytes.slice() ?? start.memory!.bytes.slice(0, given),
      trace: machine.trace,
      executed: Math.min(machine.executed, budget),
    });
    try {
      const r0 = machine.run(program.entry, [undefined, start.r1, start.r2]);
      return { r0, ...outcome() };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const fault = {
        code: error.code,
        message: error.message,
        function: error.function ?? program.name,
        functionIndex: error.functionIndex ?? program.entry,
        instruction: error.instruction ?? 0,
      };
      return { r0: undefined, fault, ...outcome() };
    } finally {
      const packet = start.packet === undefined ? [] : [start.packet.region];
      for (const region of [...start.regions, ...packet, ...machine.stack]) space.drop(region);
    }
  }

  #program(wanted: string | number): BpfProgram {
    const { programs, file } = this.#object;
    const program =
      typeof wanted === 'number' ? programs[wanted] : programs.find(({ name }) => name === wanted);
    if (program === undefined) {
      throw new Failure({
        code: 'BPF-N001',
        message: `there is no program ${wanted}`,
        place: { file },
        help: `it has: ${programs.map(({ name }) => name).join(', ')}`,
      });
    }
    return program;
  }

  #map(name: string): InterpMap {
    const map = this.#world.maps.find(({ definition }) => definition.name === name);
    if (map === undefined) {
      throw new Failure({
        code: 'BPF-N002',
        message: `there is no map ${name}`,
        place: { file: this.#object.file },
      });
    }
    return map;
  }

  /** Keys and values of an array or hash at this moment; arrays have all their elements. */
  elements(map: string): readonly { readonly key: Uint8Array; readonly value: Uint8Array }[] {
    return Array.from(this.#map(map).elements(), ({ key, value }) => ({
      key: key.slice(),
      value: value.bytes.slice(),
    }));
  }

  /** Sets an element as user space does; gives 0 or a negative error number. */
  update(map: string, key: Uint8Array, value: Uint8Array, flags = 0n): number {
    return Number(this.#map(map).update(key, value, flags));
  }

  /** Records of a ring buffer or perf event array, values of a queue or stack. */
  records(name: string): readonly Uint8Array[] {
    const map = this.#map(name);
    if (map instanceof RingBuffer || map instanceof EventArray) return map.records();
    return map instanceof QueueMap ? map.values() : [];
  }

  /** The bytes of a data section, live: writing to them before a run is what a loader does. */
  data(section: string): Uint8Array {
    const index = this.#object.data.findIndex(({ name }) => name === section);
    const region = this.#world.data[index];
    if (region === undefined) {
      throw new Failure({
        code: 'BPF-N003',
        message: `there is no data section ${section}`,
        place: { file: this.#object.file },
      });
    }
    return region.bytes;
  }
}

const VALUE_LIMIT = 1 << 28;

/** Map types whose keys are the numbers of slots. */
const indexed: ReadonlySet<number> = new Set([
  mapType.array,
  mapType.percpuArray,
  mapType.progArray,
  mapType.arrayOfMaps,
]);

function makeMap(
  definition: BpfMap,
  space: AddressSpace,
  handleOf: (map: number) => bigint,
): InterpMap {
  if (definition.valueSize > VALUE_LIMIT) {
    uninterpreted(definition, `with values of ${definition.valueSize} bytes`);
  }
  if (indexed.has(definition.type) && definition.keySize !== 4) {
    uninterpreted(definition, `with keys of ${definition.keySize} bytes`);
  }
  switch (definition.type) {
    case mapType.array:
    case mapType.percpuArray:
      return new ArrayMap(definition, space);
    case mapType.hash:
    case mapType.percpuHash:
      return new HashMap(definition, space, false);
    case mapType.lruHash:
    case mapType.lruPercpuHash:
      return new HashMap(definition, space, true);
    case mapType.progArray:
      return new ReferenceMap<number>(definition, space, undefined);
    case mapType.arrayOfMaps:
    case mapType.hashOfMaps:
      return new ReferenceMap<number>(definition, space, handleOf);
    case mapType.queue:
    case mapType.stack:
      return new QueueMap(definition, space);
    case mapType.lpmTrie:
      return new PrefixMap(definition, space);
    case mapType.bloomFilter:
      return new BloomMap(definition, space);
    case mapType.ringbuf:
      return new RingBuffer(definition, space);
    case mapType.perfEventArray:
      return new EventArray(definition, space);
    default:
      return uninterpreted(definition, `of type ${definition.typeName}`);
  }
}

function uninterpreted(definition: BpfMap, why: string): never {
  throw new Failure({
    code: 'BPF-N004',
    message: `map ${definition.name} ${why} is not interpreted`,
  });
}

function fillInitial(definition: BpfMap, map: InterpMap): void {
  if (!(map instanceof ReferenceMap)) return;
  for (const { key, map: inner, function: target } of definition.initial) {
    const value = definition.type === mapType.progArray ? target : inner;
    if (value !== undefined) map.set(indexKey(key, definition.keySize), value);
  }
}

/** Loads an object and runs one program of it. */
export function run(
  object: BpfObject,
  options: RunOptions & InterpreterOptions = {},
): InterpResult {
  return new Interpreter(object, options).run(options);
}
