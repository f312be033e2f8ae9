import * as errno from './errno.ts';
import { EventArray, RingBuffer } from './events.ts';
import { ArrayMap, HashMap, type InterpMap, QueueMap } from './maps.ts';
import { type AddressSpace, Fault, type Region } from './memory.ts';
import { formatText, readText, TEXT_LIMIT } from './printk.ts';
import type { Environment } from './types.ts';

/** What helpers see of the machine that runs the program. */
export interface HelperHost {
  readonly space: AddressSpace;
  readonly environment: Environment;
  readonly trace: string[];
  readonly packet: Region | undefined;
  /** The map whose handle lies at `address`. */
  mapAt(address: bigint): InterpMap | undefined;
  /** Calls the function of the program whose address is given. */
  callBack(address: bigint, values: readonly bigint[]): bigint;
}

/** One call of a helper: its arguments, each checked when it is used. */
export class HelperCall {
  readonly host: HelperHost;
  readonly #registers: readonly (bigint | undefined)[];

  constructor(host: HelperHost, registers: readonly (bigint | undefined)[]) {
    this.host = host;
    this.#registers = registers;
  }

  /** Argument 1 to 5. */
  value(argument: number): bigint {
    const value = this.#registers[argument];
    if (value === undefined) throw new Fault(`helper argument r${argument} holds no value`);
    return value;
  }

  /** An argument that the helper takes as a 32-bit unsigned number. */
  word(argument: number): number {
    return Number(BigInt.asUintN(32, this.value(argument)));
  }

  map(argument: number): InterpMap {
    const map = this.host.mapAt(this.value(argument));
    if (map === undefined) throw new Fault(`helper argument r${argument} is no map`);
    return map;
  }

  /** The map, which must be of a class. */
  mapOf<Kind extends InterpMap>(
    argument: number,
    kind: abstract new (...parameters: never[]) => Kind,
  ): Kind {
    const map = this.map(argument);
    if (!(map instanceof kind)) {
      const { name, typeName } = map.definition;
      throw new Fault(`map ${name} of type ${typeName} does not fit the helper`);
    }
    return map;
  }

  bytes(argument: number, size: number): Uint8Array {
    return this.host.space.read(this.value(argument), size);
  }

  key(argument: number, map: InterpMap): Uint8Array {
    return this.bytes(argument, map.definition.keySize);
  }
}

/** A helper: gives r0, signed. */
export type Helper = (call: HelperCall) => bigint;

/** Callbacks end a loop by returning 1. */
const LOOP_LIMIT = 1 << 23;
const MAXIMUM_PRINTK_VALUES = 12;

function loop(call: HelperCall): bigint {
  const count = call.word(1);
  const callback = call.value(2);
  const context = call.value(3);
  if (call.value(4) !== 0n) return errno.EINVAL;
  if (count > LOOP_LIMIT) return errno.E2BIG;
  for (let index = 0; index < count; index++) {
    if (call.host.callBack(callback, [BigInt(index), context]) !== 0n) return BigInt(index + 1);
  }
  return BigInt(count);
}

function forEachElement(call: HelperCall): bigint {
  const map = call.map(1);
  const callback = call.value(2);
  const context = call.value(3);
  if (call.value(4) !== 0n) return errno.EINVAL;
  if (!(map instanceof ArrayMap || map instanceof HashMap)) return errno.EINVAL;
  let visited = 0n;
  for (const { key, value } of map.elements()) {
    visited++;
    const keyRegion = call.host.space.add('key of an element', Uint8Array.from(key), {
      writable: [],
    });
    const values = [map.handle.base, keyRegion.base, value.base, context];
    const result = call.host.callBack(callback, values);
    call.host.space.drop(keyRegion);
    if (result !== 0n) break;
  }
  return visited;
}

function probeRead(call: HelperCall): bigint {
  const size = call.word(2);
  const bytes = call.host.space.peek(call.value(3), size);
  call.host.space.clear(call.value(1), size);
  if (bytes === undefined) return errno.EFAULT;
  call.host.space.write(call.value(1), bytes);
  return 0n;
}

function probeReadText(call: HelperCall): bigint {
  const size = call.word(2);
  if (size === 0) return 0n;
  const text = readText(call.host.space, call.value(3), size);
  if (text === undefined) {
    call.host.space.clear(call.value(1), size);
    return errno.EFAULT;
  }
  const length = Math.min(text.length, size - 1);
  const terminated = new Uint8Array(length + 1);
  terminated.set(text.subarray(0, length));
  call.host.space.write(call.value(1), terminated);
  return BigInt(length + 1);
}

function currentComm(call: HelperCall): bigint {
  const size = call.word(2);
  const name = Buffer.from(call.host.environment.comm, 'utf8').subarray(0, 15);
  call.host.space.clear(call.value(1), size);
  call.host.space.write(call.value(1), name.subarray(0, Math.max(0, size - 1)));
  return 0n;
}

function trace(call: HelperCall, size: number, values: readonly bigint[]): bigint {
  const printed = formatText(call.host.space, call.bytes(1, size), values);
  if (typeof printed === 'bigint') return printed;
  // What is traced is cut off; the result counts all of it.
  call.host.trace.push(printed.slice(0, TEXT_LIMIT - 1));
  return BigInt(printed.length);
}

/** Values of bpf_trace_vprintk and bpf_snprintf: an array of u64 in memory. */
function arrayOfValues(call: HelperCall, pointer: number, size: number): bigint[] | undefined {
  if (size % 8 !== 0 || size > MAXIMUM_PRINTK_VALUES * 8) return undefined;
  const bytes = call.bytes(pointer, size);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: size / 8 }, (_, index) => view.getBigUint64(index * 8, true));
}

/** Only the arguments that are set count, so that unused registers may hold nothing. */
function tracePrintk(call: HelperCall): bigint {
  const values: bigint[] = [];
  try {
    for (const argument of [3, 4, 5]) values.push(call.value(argument));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  return trace(call, call.word(2), values);
}

function traceVprintk(call: HelperCall): bigint {
  const values = arrayOfValues(call, 3, call.word(4));
  return values === undefined ? errno.EINVAL : trace(call, call.word(2), values);
}

function snprintf(call: HelperCall): bigint {
  const size = call.word(2);
  const { space } = call.host;
  const values = arrayOfValues(call, 4, call.word(5));
  const format = readText(space, call.value(3), 4096);
  if (values === undefined || format === undefined) return errno.EINVAL;
  const printed = formatText(space, Uint8Array.from([...format, 0]), values);
  if (typeof printed === 'bigint') return printed;
  if (size > 0) {
    const kept = Buffer.from(printed, 'latin1').subarray(0, size - 1);
    space.write(call.value(1), Uint8Array.from([...kept, 0]));
  }
  return BigInt(printed.length + 1);
}

function compareText(call: HelperCall): bigint {
  const limit = call.word(2);
  for (let at = 0; at < limit; at++) {
    const [left, right] = [1, 3].map(
      (argument) => call.host.space.read(call.value(argument) + BigInt(at), 1)[0]!,
    );
    if (left !== right) return left! < right! ? -1n : 1n;
    if (left === 0) break;
  }
  return 0n;
}

function loadPacketBytes(call: HelperCall): bigint {
  const size = call.word(4);
  const offset = call.word(2);
  const { packet, space } = call.host;
  if (packet === undefined) throw new Fault('the program has no packet');
  space.clear(call.value(3), size);
  if (offset + size > packet.bytes.length) return errno.EFAULT;
  space.write(call.value(3), packet.bytes.slice(offset, offset + size));
  return 0n;
}

function queueNext(call: HelperCall, remove: boolean): bigint {
  const map = call.mapOf(1, QueueMap);
  const value = map.next(remove);
  call.host.space.write(call.value(2), value ?? new Uint8Array(map.definition.valueSize));
  return value === undefined ? errno.ENOENT : 0n;
}

function reserve(call: HelperCall): bigint {
  const size = call.value(2);
  const map = call.mapOf(1, RingBuffer);
  if (call.value(3) !== 0n || size > 0xffff_ffffn) return 0n;
  return map.reserve(Number(size))?.base ?? 0n;
}

/** Submits or discards; the record belongs to whichever ring buffer reserved it. */
function release(call: HelperCall, maps: Iterable<InterpMap>, state: 'submitted' | 'discarded') {
  const address = call.value(1);
  const region = call.host.space.near(address);
  if (region !== undefined && region.base === address) {
    for (const map of maps) {
      if (map instanceof RingBuffer && map.release(region, state)) return 0n;
    }
  }
  throw new Fault(`0x${address.toString(16)} is no reserved record`);
}

/** Every helper of the interpreter by UAPI number. */
export function helperTable(maps: Iterable<InterpMap>): ReadonlyMap<number, Helper> {
  const clock: Helper = ({ host }) => host.environment.time();
  return new Map<number, Helper>([
    [1, (call) => lookup(call)],
    [2, update],
    [3, remove],
    [4, probeRead],
    [5, clock],
    [6, tracePrintk],
    [7, ({ host }) => BigInt(host.environment.random() >>> 0)],
    [8, ({ host }) => BigInt(host.environment.cpu)],
    [14, ({ host }) => host.environment.pidTgid],
    [15, ({ host }) => host.environment.uidGid],
    [16, currentComm],
    [25, perfEventOutput],
    [26, loadPacketBytes],
    [42, () => 0n],
    [45, probeReadText],
    [87, (call) => call.mapOf(1, QueueMap).push(queueValue(call), call.value(3))],
    [88, (call) => queueNext(call, true)],
    [89, (call) => queueNext(call, false)],
    [93, () => 0n],
    [94, () => 0n],
    [112, probeRead],
    [113, probeRead],
    [114, probeReadText],
    [115, probeReadText],
    [125, clock],
    [130, (call) => call.mapOf(1, RingBuffer).output(call.bytes(2, call.word(3)), call.value(4))],
    [131, reserve],
    [132, (call) => release(call, maps, 'submitted')],
    [133, (call) => release(call, maps, 'discarded')],
    [134, (call) => call.mapOf(1, RingBuffer).query(call.value(2))],
    [148, probeRead],
    [160, clock],
    [164, forEachElement],
    [165, snprintf],
    [177, traceVprintk],
    [181, loop],
    [182, compareText],
    [195, (call) => (call.word(3) === 0 ? lookup(call) : 0n)],
    [208, clock],
  ]);
}

function lookup(call: HelperCall): bigint {
  const map = call.map(1);
  return map.lookup(call.key(2, map));
}

function update(call: HelperCall): bigint {
  const map = changeableMap(call);
  const key = call.key(2, map);
  return map.update(key, call.bytes(3, map.definition.valueSize), call.value(4));
}

function remove(call: HelperCall): bigint {
  const map = changeableMap(call);
  return map.delete(call.key(2, map));
}

/** The map in r1, unless only user space changes it. */
function changeableMap(call: HelperCall): InterpMap {
  const map = call.map(1);
  return map.readOnly ? map.refuse('be changed') : map;
}

function queueValue(call: HelperCall): Uint8Array {
  return call.bytes(2, call.map(1).definition.valueSize);
}

function perfEventOutput(call: HelperCall): bigint {
  const map = call.mapOf(2, EventArray);
  // The upper half says how much of a packet goes along.
  if (call.value(3) >> 32n !== 0n && call.host.packet === undefined) return errno.EINVAL;
  return map.output(call.bytes(4, call.word(5)), call.value(3), call.host.environment.cpu);
}
