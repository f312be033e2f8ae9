/**
 * Values and states in the notation of the Linux kernel's verifier log, so that the two can be read side
 * by side. Two things of it have no counterpart: marks of precision (`P`), which the proof keeps apart
 * from values, and the addresses that the kernel prints for maps.
 */
import type { BpfMap, BpfObject } from '../../../object/index.ts';
import { constantScalar, formatRanges, formatScalar } from '../../domain/index.ts';
import { BYTE, type Dynptr, type Frame, SLOTS, type Slot, type State } from '../state.ts';
import type { PointerValue, Target, Value } from '../value.ts';

/** The kernel keeps this much of a map's name. */
const MAP_NAME_LENGTH = 15;

/** One value as the kernel writes it in `frame`, a frame's number: `scalar(id=1,umax=7,...)`, `fp-8`. */
export function formatValue(object: BpfObject, value: Value, frame: number): string {
  switch (value.kind) {
    case 'uninitialised':
      return '?';
    case 'scalar': {
      if (value.range.isConstant) return formatScalar(value.range);
      const parts: string[] = [];
      if (value.id !== 0) {
        const delta = value.delta === 0 ? '' : `${value.delta > 0 ? '+' : ''}${value.delta}`;
        parts.push(`id=${value.id}${delta}`);
      }
      const ranges = formatRanges(value.range);
      if (ranges !== '') parts.push(ranges);
      return `scalar(${parts.join(',')})`;
    }
    case 'pointer':
      return formatPointer(object, value, frame);
  }
}

function formatPointer(object: BpfObject, pointer: PointerValue, frame: number): string {
  const { target } = pointer;
  const constant = pointer.variable.constantNumber;
  let name = targetName(target);
  if (target.kind === 'stack') {
    if (target.frame !== frame) name += `[${target.frame}]`;
    if (constant !== undefined) return `${name}${formatNumber(constant + pointer.offset)}`;
  }
  if (pointer.nullable) name += '_or_null';
  const parts: string[] = [];
  // The kernel takes the id away where it has done its duty.
  if (pointer.id !== 0 && (pointer.nullable || !LOSES_ID.has(target.kind))) {
    parts.push(`id=${pointer.id}`);
  }
  if (pointer.reference !== 0) parts.push(`ref_obj_id=${pointer.reference}`);
  parts.push(...mapParts(object, target));
  if (pointer.offset !== 0) parts.push(`off=${formatNumber(pointer.offset)}`);
  if (target.kind === 'packet' || target.kind === 'packet_meta') {
    parts.push(`r=${formatNumber(pointer.range)}`);
  }
  if (target.kind === 'memory') parts.push(`sz=${formatNumber(target.size)}`);
  const ranges = formatRanges(pointer.variable);
  if (ranges !== '') parts.push(ranges);
  return `${name}(${parts.join(',')})`;
}

/** Pointers whose id does nothing but find the copies that are null together. */
const LOSES_ID: ReadonlySet<Target['kind']> = new Set(['memory', 'map', 'map_value', 'map_key']);

function targetName(target: Target): string {
  switch (target.kind) {
    case 'stack':
      return 'fp';
    case 'context':
      return 'ctx';
    case 'map':
      return 'map_ptr';
    case 'map_value':
    case 'data':
      return 'map_value';
    case 'map_key':
      return 'map_key';
    case 'packet':
      return 'pkt';
    case 'packet_meta':
      return 'pkt_meta';
    case 'packet_end':
      return 'pkt_end';
    case 'memory':
      if (target.name.startsWith('ring')) return 'ringbuf_mem';
      return target.writable ? 'mem' : 'rdonly_mem';
    case 'function':
      return 'func';
    case 'dynptr':
      return 'dynptr_ptr';
  }
}

function mapParts(object: BpfObject, target: Target): string[] {
  switch (target.kind) {
    case 'map':
    case 'map_value':
    case 'map_key':
      return [sizes(target.map, target.map.name)];
    case 'data': {
      const section = object.data[target.section];
      if (section === undefined) return [];
      return [sizes({ keySize: 4, valueSize: section.size }, dataMapName(object, section.name))];
    }
    default:
      return [];
  }
}

function sizes(map: Pick<BpfMap, 'keySize' | 'valueSize'>, name: string): string {
  return `map=${name.slice(0, MAP_NAME_LENGTH)},ks=${map.keySize},vs=${map.valueSize}`;
}

/** libbpf's name of the map that holds a data section: as much of the object's name as there is room for. */
function dataMapName(object: BpfObject, section: string): string {
  if (!/^\.(data|rodata|bss|kconfig)$/.test(section)) return section;
  return `${object.name.slice(0, Math.max(0, MAP_NAME_LENGTH - section.length))}${section}`;
}

/** The slots of a frame that hold something, or those of them that `shown` names, each preceded by a space. */
function formatSlots(
  object: BpfObject,
  frame: Frame,
  number: number,
  shown?: (slot: number) => boolean,
): string {
  let text = '';
  for (let index = 0; index < SLOTS; index++) {
    const slot = frame.slot(index);
    if (slot.bytes === 0) continue;
    if (slot.dynptr !== undefined && !slot.dynptr.first && isFirst(frame, index + 1, slot.dynptr)) {
      continue;
    }
    if (shown !== undefined && !shown(index)) continue;
    text += ` fp-${(index + 1) * 8}=${formatSlot(object, slot, number)}`;
  }
  return text;
}

function isFirst(frame: Frame, index: number, dynptr: Dynptr): boolean {
  const below = index < SLOTS ? frame.slot(index).dynptr : undefined;
  return below?.first === true && below.id === dynptr.id;
}

/** One slot: bytes from the highest address down, then the value in the bytes that hold one. */
export function formatSlot(object: BpfObject, slot: Slot, frame: number): string {
  if (slot.dynptr !== undefined) {
    const { type, id, reference } = slot.dynptr;
    const held = reference === 0 ? '' : `,ref_id=${reference}`;
    const names = { local: 'local', ringbuf: 'ringbuf', packet: 'skb', xdp: 'xdp' };
    return `dynptr_${names[type]}(id=${id}${held})`;
  }
  let text = '';
  for (let byte = 7; byte >= 0; byte--) {
    const what = (slot.bytes >>> (byte * 4)) & 0xf;
    if (what === BYTE.SPILLED && slot.value !== undefined) {
      return text + formatValue(object, slot.value, frame);
    }
    text += BYTE_LETTERS[what] ?? '?';
  }
  return text;
}

const BYTE_LETTERS: readonly string[] = ['?', 'r', 'm', '0', 'd', 'i'];

/** What the running function's registers and slots hold, with all that the program holds. */
export function formatState(object: BpfObject, state: State): string {
  const number = state.frames.length - 1;
  return formatFrame(object, state, number) + formatHeld(state);
}

/** One frame: `frame1: R1=ctx() R10=fp0 fp-8=0`. The numbers of registers and slots asked for, or all. */
export function formatFrame(
  object: BpfObject,
  state: State,
  number: number,
  registers?: (register: number) => boolean,
  slots?: (slot: number) => boolean,
): string {
  const frame = state.frames[number]!;
  let text = number === 0 ? '' : ` frame${number}:`;
  frame.registers.forEach((value, register) => {
    if (value.kind === 'uninitialised' || registers?.(register) === false) return;
    text += ` R${register}=${formatValue(object, value, number)}`;
  });
  return text + formatSlots(object, frame, number, slots);
}

/** References held, and whether a callback runs. */
export function formatHeld(state: State): string {
  let text = '';
  const held = state.references.map(({ id }) => id);
  if (state.lock !== undefined) held.push(state.lock.id);
  if (held.length > 0) text += ` refs=${held.join(',')}`;
  if (state.frames.some(({ callback }) => callback?.later === false)) text += ' cb';
  if (state.frames.some(({ callback }) => callback?.later === true)) text += ' async_cb';
  return text;
}

/** In decimal or hexadecimal, as the kernel does. */
function formatNumber(value: number): string {
  return formatScalar(constantScalar(value));
}
