import { encode, type Instruction } from '../isa/index.ts';
import type { BpfFunction, BpfInstruction, BpfObject, BpfProgram } from '../object/index.ts';
import type { ProgramTypes } from './object-btf.ts';
import type { PlacedFunction } from './types.ts';

const PSEUDO_MAP_FD = 1;
const PSEUDO_MAP_VALUE = 2;
const PSEUDO_FUNCTION = 4;

/** A helper that no kernel has: control that comes to a poisoned instruction is refused. */
const NO_HELPER = 0xbad2310;

const COLUMN_BITS = 10;
const LARGEST_COLUMN = (1 << COLUMN_BITS) - 1;
const LARGEST_LINE = 2 ** (32 - COLUMN_BITS) - 1;

/** The function that an instruction names. */
function named(instruction: BpfInstruction): number | undefined {
  if (instruction.kind === 'call_function') return instruction.function;
  return instruction.kind === 'reference' && instruction.reference.kind === 'function'
    ? instruction.reference.function
    : undefined;
}

/**
 * The entry of a program and every function that it reaches, in libbpf's order: each where it is first
 * named, followed by what it names itself.
 */
export function reachedFunctions(object: BpfObject, program: BpfProgram): readonly BpfFunction[] {
  const order = new Set([program.entry]);
  // Not recursion: chains of calls in an object may be deeper than the stack.
  const open = [{ body: object.functions[program.entry]!.instructions, next: 0 }];
  while (open.length > 0) {
    const top = open.at(-1)!;
    const instruction = top.body[top.next++];
    if (instruction === undefined) {
      open.pop();
      continue;
    }
    const index = named(instruction);
    if (index === undefined || order.has(index)) continue;
    order.add(index);
    open.push({ body: object.functions[index]!.instructions, next: 0 });
  }
  return [...order].map((index) => object.functions[index]!);
}

/** Descriptors that stand for maps and data sections in the code, by their index in the object. */
export interface Descriptors {
  readonly maps: ReadonlyMap<number, number>;
  readonly data: ReadonlyMap<number, number>;
}

/** Slots of an instruction; a poisoned one keeps those of what it was. */
function slotsOf(fn: BpfFunction, index: number): number {
  const { kind, slot } = fn.instructions[index]!;
  if (kind === 'reference') return 2;
  const next = fn.instructions[index + 1];
  return kind === 'poison' && next?.slot === slot + 2 ? 2 : 1;
}

/** Where everything comes to stand when functions are joined to one piece of code. */
export interface Layout {
  readonly placed: readonly PlacedFunction[];
  /** Position in the joined code of every instruction, by function. */
  readonly positions: ReadonlyMap<number, readonly number[]>;
  /** First slot, by function. */
  readonly firstSlot: ReadonlyMap<number, number>;
}

/** Lays functions out one after the other; distances between slots of one function stay. */
export function layOut(functions: readonly BpfFunction[]): Layout {
  const firstSlot = new Map<number, number>();
  const positions = new Map<number, readonly number[]>();
  let position = 0;
  let slot = 0;
  for (const fn of functions) {
    firstSlot.set(fn.index, slot);
    const own = fn.instructions.map((instruction, index) => {
      const at = position;
      const slots = slotsOf(fn, index);
      slot += slots;
      position += instruction.kind === 'poison' ? slots : 1;
      return at;
    });
    positions.set(fn.index, own);
  }
  const placed = [...firstSlot].map(([fn, first]) => ({ function: fn, firstSlot: first }));
  return { placed, positions, firstSlot };
}

/** The code of the functions, as bytes. */
export function joinCode(
  functions: readonly BpfFunction[],
  layout: Layout,
  descriptors: Descriptors,
): Uint8Array {
  const code: Instruction[] = [];
  for (const fn of functions) {
    const base = layout.firstSlot.get(fn.index)! - (fn.instructions[0]?.slot ?? 0);
    fn.instructions.forEach((instruction, index) => {
      const slot = base + instruction.slot;
      const converted = convert(instruction, slot, fn, layout, descriptors);
      const copies = instruction.kind === 'poison' ? slotsOf(fn, index) : 1;
      for (let copy = 0; copy < copies; copy++) code.push(converted);
    });
  }
  return encode(code);
}

function convert(
  instruction: BpfInstruction,
  slot: number,
  fn: BpfFunction,
  layout: Layout,
  descriptors: Descriptors,
): Instruction {
  const { positions, firstSlot } = layout;
  switch (instruction.kind) {
    case 'poison':
      return { kind: 'call_helper', slot, helper: NO_HELPER };
    case 'call_function':
      return { kind: 'call_local', slot, target: positions.get(instruction.function)![0]! };
    case 'jump':
    case 'branch':
    case 'may_goto':
      return { ...instruction, slot, target: positions.get(fn.index)![instruction.target]! };
    case 'reference':
      return { kind: 'constant', slot, destination: instruction.destination, ...constant() };
    default:
      return { ...instruction, slot };
  }

  function constant(): { pseudo: number; low: number; high: number } {
    const { reference } = instruction as Extract<BpfInstruction, { kind: 'reference' }>;
    switch (reference.kind) {
      case 'value': {
        const low = Number(BigInt.asIntN(32, reference.value));
        return { pseudo: 0, low, high: Number(BigInt.asIntN(32, reference.value >> 32n)) };
      }
      case 'map':
        return { pseudo: PSEUDO_MAP_FD, low: descriptors.maps.get(reference.map)!, high: 0 };
      case 'map_value': {
        const low = descriptors.maps.get(reference.map)!;
        return { pseudo: PSEUDO_MAP_VALUE, low, high: reference.offset };
      }
      case 'data': {
        const low = descriptors.data.get(reference.section)!;
        return { pseudo: PSEUDO_MAP_VALUE, low, high: reference.offset };
      }
      case 'function': {
        const low = firstSlot.get(reference.function)! - slot - 1;
        return { pseudo: PSEUDO_FUNCTION, low, high: 0 };
      }
    }
  }
}

/** Records of func_info and line_info. */
export interface DebugInfo {
  readonly functionInfo?: Uint8Array;
  readonly lineInfo?: Uint8Array;
}

/** What ties code to types; the strings of its lines go into the types. */
export function debugInfo(
  object: BpfObject,
  functions: readonly BpfFunction[],
  placed: readonly PlacedFunction[],
  types: ProgramTypes | undefined,
): DebugInfo {
  const ids = types?.functions;
  if (types === undefined || ids === undefined) return {};
  const functionInfo = words(placed.flatMap((one) => [one.firstSlot, ids.get(one.function)!]));
  if (object.btf === undefined) return { functionInfo };
  const lines: number[] = [];
  functions.forEach((fn, order) => {
    let before = '';
    fn.instructions.forEach(({ slot }, index) => {
      const { file, line = 0, column = 0, sourceText = '' } = object.place(fn.index, index);
      const key = `${line}:${column}:${file}`;
      if (index > 0 && (line === 0 || key === before)) return;
      before = key;
      lines.push(
        placed[order]!.firstSlot + slot - fn.instructions[0]!.slot,
        types.writer.string(line === 0 ? '' : file),
        types.writer.string(sourceText),
        (Math.min(line, LARGEST_LINE) << COLUMN_BITS) | Math.min(column, LARGEST_COLUMN),
      );
    });
  });
  return { functionInfo, lineInfo: words(lines) };
}

function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setUint32(index * 4, value, true);
  });
  return bytes;
}
