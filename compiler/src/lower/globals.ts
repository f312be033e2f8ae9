import { Failure } from '../diag/index.ts';
import type { BpfMap, BpfProgram, DataSection } from '../object/index.ts';
import {
  MAP_TYPE,
  OBJECT_MAGIC,
  OBJECT_TYPE,
  OBJECT_VERSION,
  PROGRAM_FUNCTION,
  PROGRAM_KINDS,
  PROGRAM_OPTIONAL,
  PROGRAM_SLEEPABLE,
  PROGRAM_TYPE,
  SLOT_TYPE,
  structureLayout,
  structureTypes,
  structureValue,
  VERDICTS,
} from './descriptor.ts';
import { informationAssembly } from './information.ts';
import type { ModuleState } from './module-state.ts';
import { globalName, quoted } from './text.ts';

const ARRAY = 2;
const READ_ONLY_FOR_PROGRAMS = 0x80;
const MAPPABLE = 0x400;
const NO_POSITION = 0xffff_ffff | 0;

/** A program's function as the tables need it. */
export interface ProgramSymbol {
  readonly program: BpfProgram;
  /** The exported function, with its `@`. */
  readonly name: string;
  /** Its LLVM type. */
  readonly type: string;
  /** What a slot of a program array holds: called with the context and the count of tail calls. */
  readonly body: { readonly name: string; readonly type: string };
}

/**
 * Data of the module: sections, maps, and the tables that describe the object. Code refers to maps and
 * data by internal symbols, so that it needs no global offset table; the exported names are aliases.
 */
export class Globals {
  readonly exports: string[] = [];
  readonly #module: ModuleState;
  readonly #lines: string[] = [structureTypes()];
  readonly #strings = new Map<string, string>();

  constructor(module: ModuleState) {
    this.#module = module;
  }

  text(): string {
    return this.#lines.join('\n');
  }

  /** The bytes of each data section. */
  data(): void {
    for (const section of this.#module.object.data) {
      const size = Math.max(1, section.size);
      const type = `[${size} x i8]`;
      const zero = section.bytes.every((byte) => byte === 0);
      const bytes = section.bytes.length === size ? section.bytes : new Uint8Array(size);
      const value = zero ? 'zeroinitializer' : `c${quoted(bytes)}`;
      const kind = isConstant(section, this.#module) ? 'constant' : 'global';
      const name = this.#module.dataSymbol(section.index);
      const alignment = Math.max(8, section.alignment);
      this.#lines.push(`${name} = internal ${kind} ${type} ${value}, align ${alignment}`);
    }
  }

  /** Maps, data sections' maps after the user's; then the object. */
  tables(programs: readonly ProgramSymbol[]): void {
    const { object, options, verdict } = this.#module;
    const maps = [
      ...object.maps.map((map) => this.#map(map)),
      ...object.data.map((section) => this.#dataMap(section)),
    ];
    const slots = object.maps.flatMap((map) => this.#initialSlots(map, programs));
    const programTable = this.#table(
      'programs',
      PROGRAM_TYPE,
      programs.map((program) => this.#program(program)),
    );
    const mapTable = this.#table('maps', `${MAP_TYPE}*`, maps);
    const slotTable = this.#table('initial', SLOT_TYPE, slots);
    const hash = Uint8Array.from(Buffer.from(object.hash, 'hex'));
    const value = structureValue(OBJECT_TYPE, {
      magic: OBJECT_MAGIC,
      version: OBJECT_VERSION,
      size: structureLayout(OBJECT_TYPE).size,
      name: this.#string(object.name),
      license: this.#string(object.license),
      target: this.#string(options.target.name),
      hash: hash.length === 32 ? `c${quoted(hash)}` : 'zeroinitializer',
      verdict: VERDICTS[verdict],
      program_count: programs.length,
      map_count: maps.length,
      initial_count: slots.length,
      programs: programTable,
      maps: mapTable,
      initial: slotTable,
    });
    const symbol = `${object.name}__object`;
    const name = globalName(symbol);
    this.exports.push(symbol);
    this.#lines.push(
      `@object.descriptor = internal constant ${OBJECT_TYPE} ${value}, align 8`,
      `${name} = alias ${OBJECT_TYPE}, ${OBJECT_TYPE}* @object.descriptor`,
      `@object.pointer = internal constant ${OBJECT_TYPE}* @object.descriptor, section "bpftime_objects", align 8`,
      `@llvm.used = appending global [1 x i8*] [i8* bitcast (${OBJECT_TYPE}** @object.pointer to i8*)], section "llvm.metadata"`,
    );
    const { information } = options;
    if (information !== undefined) {
      this.#lines.push(...informationAssembly(information.section, information.text));
    }
  }

  #map(map: BpfMap): string {
    const name = this.#module.mapSymbol(map.index);
    this.#defineMap(name, map, map.index, 'null');
    this.#exportMap(name, map.name);
    return `${MAP_TYPE}* ${name}`;
  }

  /** What libbpf makes of a data section: an array of one element. */
  #dataMap(section: DataSection): string {
    const { object } = this.#module;
    const name = globalName(`map.data.${section.index}`);
    const type = `[${Math.max(1, section.size)} x i8]`;
    const memory = `bitcast (${type}* ${this.#module.dataSymbol(section.index)} to i8*)`;
    const readOnly = section.kind === 'rodata' || section.kind === 'kconfig';
    const map: Omit<BpfMap, 'index' | 'typeName' | 'initial' | 'numaNode'> = {
      name: `${object.name}${section.name}`,
      type: ARRAY,
      keySize: 4,
      valueSize: section.size,
      maxEntries: 1,
      flags: MAPPABLE | (readOnly ? READ_ONLY_FOR_PROGRAMS : 0),
      extra: 0n,
      pinning: 0,
    };
    this.#defineMap(name, map, object.maps.length + section.index, memory);
    this.#exportMap(name, section.name.replace(/^\.+/, ''));
    return `${MAP_TYPE}* ${name}`;
  }

  #defineMap(
    name: string,
    map: Omit<BpfMap, 'index' | 'typeName' | 'initial' | 'numaNode'>,
    position: number,
    memory: string,
    kind: 'global' | 'constant' = 'global',
  ): void {
    let inner = 'null';
    if (map.inner !== undefined) {
      inner = globalName(`inner.${position}`);
      this.#defineMap(inner, map.inner, NO_POSITION, 'null', 'constant');
    }
    const value = structureValue(MAP_TYPE, {
      memory,
      state: 'null',
      name: this.#string(map.name),
      inner,
      extra: BigInt.asIntN(64, map.extra),
      type: map.type | 0,
      key_size: map.keySize | 0,
      value_size: map.valueSize | 0,
      max_entries: map.maxEntries | 0,
      flags: map.flags | 0,
      pinning: map.pinning | 0,
      id: position,
      reserved: 0,
    });
    this.#lines.push(`${name} = internal ${kind} ${MAP_TYPE} ${value}, align 8`);
  }

  #exportMap(name: string, text: string): void {
    const symbol = this.#module.uniqueName(text);
    this.exports.push(symbol);
    this.#lines.push(`${globalName(symbol)} = alias ${MAP_TYPE}, ${MAP_TYPE}* ${name}`);
  }

  #initialSlots(map: BpfMap, programs: readonly ProgramSymbol[]): readonly string[] {
    return map.initial.map(({ key, map: inner, function: code }) => {
      let value: string;
      if (inner !== undefined) {
        value = `bitcast (${MAP_TYPE}* ${this.#module.mapSymbol(inner)} to i8*)`;
      } else {
        const found = programs.find(({ program }) => program.entry === code);
        if (found === undefined) {
          throw new Failure({
            code: 'BPF-L050',
            message: `slot ${key} of program array ${map.name} holds a function that is no program`,
            place: { file: this.#module.object.file },
          });
        }
        value = `bitcast (${found.body.type}* ${found.body.name} to i8*)`;
      }
      const slot = structureValue(SLOT_TYPE, { map: map.index, key: key | 0, value });
      return `${SLOT_TYPE} ${slot}`;
    });
  }

  #program({ program, name, type }: ProgramSymbol): string {
    const { kind, attach } = program;
    if (kind === 'other') {
      throw new Failure({
        code: 'BPF-L051',
        message: `program ${program.name}: section "${attach.section}" is of a type that is not supported`,
        place: { file: this.#module.object.file },
      });
    }
    const asProgram =
      type === PROGRAM_FUNCTION ? name : `bitcast (${type}* ${name} to ${PROGRAM_FUNCTION}*)`;
    const value = structureValue(PROGRAM_TYPE, {
      name: this.#string(program.name),
      section: this.#string(attach.section),
      function: asProgram,
      kind: PROGRAM_KINDS[kind],
      flags: (attach.optional ? PROGRAM_OPTIONAL : 0) | (attach.sleepable ? PROGRAM_SLEEPABLE : 0),
    });
    return `${PROGRAM_TYPE} ${value}`;
  }

  /** A constant table; gives the address of its first element. */
  #table(name: string, type: string, elements: readonly string[]): string {
    if (elements.length === 0) return 'null';
    const array = `[${elements.length} x ${type}]`;
    this.#lines.push(
      `@table.${name} = internal constant ${array} [\n  ${elements.join(',\n  ')}\n], align 8`,
    );
    return `getelementptr inbounds (${array}, ${array}* @table.${name}, i64 0, i64 0)`;
  }

  /** The address of a string that ends in a zero byte. */
  #string(text: string): string {
    const bytes = new TextEncoder().encode(`${text}\0`);
    let name = this.#strings.get(text);
    if (name === undefined) {
      name = `@string.${this.#strings.size}`;
      this.#strings.set(text, name);
      this.#lines.push(
        `${name} = private unnamed_addr constant [${bytes.length} x i8] c${quoted(bytes)}, align 1`,
      );
    }
    return `getelementptr inbounds ([${bytes.length} x i8], [${bytes.length} x i8]* ${name}, i64 0, i64 0)`;
  }
}

/**
 * Constants may be folded into code; what user space may set before the start (`const volatile`) may
 * not. Without BTF nobody knows which is which.
 */
function isConstant(section: DataSection, module: ModuleState): boolean {
  if (section.kind === 'kconfig') return true;
  if (section.kind !== 'rodata') return false;
  if (/^\.rodata\.(str|cst)/.test(section.name)) return true;
  return module.object.btf !== undefined && !section.variables.some(({ volatile }) => volatile);
}
