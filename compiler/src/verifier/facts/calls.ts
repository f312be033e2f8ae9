/** What calls do to the state: helpers by their signature, functions by what they were seen to do. */
import type { BpfMap } from '../../object/index.ts';
import { HELPER } from '../helper-numbers.ts';
import { type ArgumentKind, type Helper, helpers } from '../helpers.ts';
import type { RegisterCall, ValueType } from '../types.ts';
import type { Analysis, FunctionWork } from './analysis.ts';
import { type Cursor, clobberArguments, runOthers, touch } from './frame.ts';
import { ANY_SCALAR, ANY_SCALAR_32 } from './integer.ts';
import { publishFrame } from './shared.ts';
import { NONE, pointerTo, UNKNOWN } from './value.ts';

/** Values of maps, and what allocating helpers give, start at multiples of this. */
const VALUE_ALIGNMENT = 8;

function isMapOfMaps(map: BpfMap): boolean {
  return map.typeName === 'array_of_maps' || map.typeName === 'hash_of_maps';
}

/** The map that a value is, when it is one only. */
export function mapOf(analysis: Analysis, value: ValueType | undefined): BpfMap | undefined {
  if (value?.kind !== 'pointer' || value.nullable || value.minimum !== 0 || value.maximum !== 0) {
    return undefined;
  }
  return value.region.kind === 'map' ? analysis.object.maps[value.region.map] : undefined;
}

/** Sizes of keys and values of the map that a helper's argument is, inner maps included. */
function mapSizes(
  analysis: Analysis,
  value: ValueType | undefined,
): { readonly key: number; readonly value: number } | undefined {
  let map = mapOf(analysis, value);
  if (value?.kind === 'pointer' && value.region.kind === 'inner_map') {
    map = analysis.object.maps[value.region.map]?.inner;
  }
  return map === undefined ? undefined : { key: map.keySize, value: map.valueSize };
}

/** What an argument of a helper lets it do with memory. */
export interface ArgumentEffect {
  /** Bytes from the pointer on; Infinity when not known. */
  readonly size: number;
  readonly read: boolean;
  readonly write: boolean;
}

/** How a helper uses the memory that its argument `position` (0 is r1) points to; undefined: not at all. */
export function argumentEffect(
  analysis: Analysis,
  helper: Helper,
  registers: readonly ValueType[],
  position: number,
): ArgumentEffect | undefined {
  const kind: ArgumentKind | undefined = helper.arguments[position];
  const mapPosition = helper.arguments.indexOf('CONST_MAP_PTR');
  const sizes = mapPosition < 0 ? undefined : mapSizes(analysis, registers[mapPosition + 1]);
  const next = registers[position + 2];
  const stated = next?.kind === 'scalar' ? next.range.unsignedMaximum : Infinity;
  switch (kind) {
    case 'MAP_KEY':
      return { size: sizes?.key ?? Infinity, read: true, write: false };
    case 'MAP_VALUE':
    case 'MAP_VALUE_OR_NULL':
      return { size: sizes?.value ?? Infinity, read: true, write: false };
    case 'UNINIT_MAP_VALUE':
      // A Bloom filter reads the value that it is asked for; all others write one.
      return { size: sizes?.value ?? Infinity, read: true, write: true };
    case 'MEM_RDONLY':
    case 'MEM_RDONLY_OR_NULL':
      return { size: stated, read: true, write: false };
    case 'MEM_UNINIT':
    case 'MEM_UNINIT_OR_NULL':
      return { size: stated, read: false, write: true };
    case 'MEM':
    case 'MEM_OR_NULL':
      return { size: stated, read: true, write: true };
    case 'MEM_RDONLY_20':
      return { size: 20, read: true, write: false };
    case 'MEM_RDONLY_40':
      return { size: 40, read: true, write: false };
    case 'CONST_STR':
      return { size: Infinity, read: true, write: false };
    case 'INT_PTR':
    case 'SPIN_LOCK':
      return { size: 4, read: true, write: true };
    case 'LONG_PTR':
      return { size: 8, read: false, write: true };
    case 'TIMER':
    case 'DYNPTR':
    case 'DYNPTR_RDONLY':
    case 'DYNPTR_UNINIT':
    case 'DYNPTR_RELEASE':
      return { size: 16, read: true, write: true };
    case 'CTX':
    case 'CTX_OR_NULL':
    case 'ALLOC_MEM':
    case 'KPTR':
    case 'SOCKET':
    case 'SOCKET_OR_NULL':
    case 'BTF_ID':
    case 'BTF_ID_OR_NULL':
    case 'PERCPU_BTF_ID':
      return { size: Infinity, read: true, write: true };
    default:
      return undefined;
  }
}

/** Parameters that a helper's callback gets. */
function callbackParameters(
  analysis: Analysis,
  helper: Helper,
  registers: readonly ValueType[],
): readonly ValueType[] {
  const position = helper.arguments.indexOf('STACK_OR_NULL');
  const given = position < 0 ? UNKNOWN : registers[position + 1]!;
  switch (helper.number) {
    case HELPER.loop:
      return [ANY_SCALAR_32, given];
    case HELPER.for_each_map_elem: {
      const map = mapOf(analysis, registers[1]);
      if (map === undefined) return [registers[1]!, UNKNOWN, UNKNOWN, given];
      return [
        registers[1]!,
        pointerTo({ kind: 'memory', size: map.keySize }, 1),
        pointerTo({ kind: 'map_value', map: map.index }, VALUE_ALIGNMENT),
        given,
      ];
    }
    default:
      return position < 0 ? [] : [UNKNOWN, given];
  }
}

/** The value that a helper returns. */
function helperResult(
  analysis: Analysis,
  helper: Helper,
  registers: readonly ValueType[],
): ValueType {
  const nullable = helper.result.endsWith('_OR_NULL');
  const mapArgument = registers[helper.arguments.indexOf('CONST_MAP_PTR') + 1];
  switch (helper.result) {
    case 'INTEGER':
      return ANY_SCALAR;
    case 'MAP_VALUE':
    case 'MAP_VALUE_OR_NULL': {
      const map = mapOf(analysis, mapArgument);
      if (map !== undefined) {
        return isMapOfMaps(map)
          ? pointerTo({ kind: 'inner_map', map: map.index }, VALUE_ALIGNMENT, { nullable })
          : pointerTo({ kind: 'map_value', map: map.index }, VALUE_ALIGNMENT, { nullable });
      }
      const sizes = mapSizes(analysis, mapArgument);
      if (sizes === undefined) return UNKNOWN;
      return pointerTo({ kind: 'memory', size: sizes.value }, VALUE_ALIGNMENT, { nullable });
    }
    case 'ALLOC_MEM_OR_NULL': {
      const size = registers[helper.arguments.indexOf('CONST_ALLOC_SIZE') + 1];
      const bytes = size?.kind === 'scalar' ? size.range.constantNumber : undefined;
      const known = bytes !== undefined && bytes >= 0 && bytes <= 0xffffffff ? { size: bytes } : {};
      return pointerTo({ kind: 'memory', ...known }, VALUE_ALIGNMENT, { nullable });
    }
    case 'DYNPTR_MEM_OR_NULL':
      return pointerTo({ kind: 'memory' }, 1, { nullable });
    default:
      return UNKNOWN;
  }
}

/** What a call through a register that holds this value calls; undefined when that is not known. */
export function registerCallee(value: ValueType): RegisterCall | undefined {
  if (value.kind === 'scalar') {
    const helper = value.range.constantNumber;
    return helper !== undefined && helper >= 0 && helper <= 0xffff
      ? { kind: 'helper', helper }
      : undefined;
  }
  if (value.kind !== 'pointer' || value.region.kind !== 'function') return undefined;
  if (value.nullable || value.minimum !== 0 || value.maximum !== 0) return undefined;
  return { kind: 'function', function: value.region.function };
}

/** A helper call. */
export function callHelper(
  analysis: Analysis,
  work: FunctionWork,
  cursor: Cursor,
  instruction: number,
  number: number,
): void {
  const helper = helpers().get(number);
  if (helper === undefined) {
    // Refused when it is reached; until then it may do anything.
    for (let register = 1; register <= 5; register++) {
      const value = cursor.registers[register]!;
      if (value.kind === 'pointer') analysis.lost(value);
    }
    clobberArguments(cursor);
    cursor.registers[0] = UNKNOWN;
    return;
  }
  const registers = cursor.registers;
  const called = registers[helper.arguments.indexOf('FUNC') + 1];
  const callback =
    helper.arguments.includes('FUNC') &&
    called?.kind === 'pointer' &&
    called.region.kind === 'function'
      ? analysis.functions[called.region.function]
      : undefined;
  // A timer's callback runs when nothing of this program does any more.
  const later = helper.arguments.includes('TIMER');
  if (helper.arguments.includes('FUNC') && !later) {
    analysis.noteForeignCode(work, instruction);
    publishFrame(analysis, work, cursor);
  }
  if (callback !== undefined) {
    if (!later) analysis.recordCall(work, instruction, callback);
    analysis.enter(callback, callbackParameters(analysis, helper, registers));
  }
  for (const [position, kind] of helper.arguments.entries()) {
    const value = registers[position + 1]!;
    const effect = argumentEffect(analysis, helper, registers, position);
    if (effect !== undefined) {
      touch(analysis, work, cursor, value, 0, effect.size, effect);
    } else if (value.kind === 'pointer') {
      // What the callback is given arrives there as its parameter; any other address that is passed
      // as a number gets out of sight.
      const tracked = callback !== undefined && (kind === 'FUNC' || kind === 'STACK_OR_NULL');
      if (!tracked) analysis.lost(value);
    }
  }
  if (number === HELPER.probe_write_user) {
    touch(analysis, work, cursor, registers[1]!, 0, Infinity, { read: false, write: true });
  }
  const result = helperResult(analysis, helper, registers);
  if (helper.arguments.includes('FUNC') && !later) {
    publishFrame(analysis, work, cursor); // The helper may have written to the frame first.
    runOthers(analysis, work, cursor);
  }
  clobberArguments(cursor);
  registers[0] = result;
}

/** A call of another function; false when it does not come back as far as known yet. */
export function callFunction(
  analysis: Analysis,
  work: FunctionWork,
  cursor: Cursor,
  instruction: number,
  target: number,
): boolean {
  const callee = analysis.functions[target]!;
  analysis.recordCall(work, instruction, callee);
  publishFrame(analysis, work, cursor);
  analysis.enter(callee, cursor.registers.slice(1, 6));
  analysis.settle(callee);
  if (callee.result === NONE) return false;
  runOthers(analysis, work, cursor);
  clobberArguments(cursor);
  cursor.registers[0] = callee.result;
  return true;
}
