import { BloomMap } from './bloom.ts';
import type { Helper, HelperCall } from './call.ts';
import { dynptrHelpers } from './dynptr.ts';
import * as errno from './errno.ts';
import { EventArray, RingBuffer } from './events.ts';
import { Fault } from './fault.ts';
import { ArrayMap, HashMap, type InterpMap, QueueMap } from './maps.ts';
import { packetHelpers } from './packet.ts';
import { formatText, readText, TEXT_LIMIT } from './printk.ts';

/** Callbacks end a loop by returning 1. */
const LOOP_LIMIT = 1 << 23;
const MAXIMUM_PRINTK_VALUES = 12;
/** Bytes of the trace that bpf_get_stack gives: three addresses. */
const STACK_TRACE_SIZE = 24;

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

function push(call: HelperCall): bigint {
  const map = call.map(1);
  const value = call.bytes(2, map.definition.valueSize);
  if (map instanceof BloomMap) return map.push(value, call.value(3));
  return call.mapOf(1, QueueMap).push(value, call.value(3));
}

function queueNext(call: HelperCall, remove: boolean): bigint {
  const filter = call.map(1);
  if (filter instanceof BloomMap && !remove) {
    return filter.test(call.bytes(2, filter.definition.valueSize));
  }
  const map = call.mapOf(1, QueueMap);
  const value = map.next(remove);
  call.host.space.write(call.value(2), value ?? new Uint8Array(map.definition.valueSize));
  return value === undefined ? errno.ENOENT : 0n;
}

function reserve(call: HelperCall): bigint {
  const size = call.value(2);
  const map = call.mapOf(1, RingBuffer);
  if (call.value(3) !== 0n || size > 0xffff_ffffn) return 0n;
  const record = map.reserve(Number(size));
  if (record === undefined) return 0n;
  call.host.held.acquire(record, record.name);
  return record.base;
}

/** Submits or discards; the record belongs to whichever ring buffer reserved it. */
function release(call: HelperCall, maps: Iterable<InterpMap>, state: 'submitted' | 'discarded') {
  const address = call.value(1);
  const region = call.host.space.near(address);
  if (region !== undefined && region.base === address) {
    for (const map of maps) {
      if (!(map instanceof RingBuffer && map.release(region, state))) continue;
      call.host.held.release(region);
      return 0n;
    }
  }
  throw new Fault('bad_release', `0x${address.toString(16)} is no reserved record`);
}

/** Fills the memory with addresses of a stack that does not exist, as many as there is room for. */
function stackTrace(call: HelperCall): bigint {
  const size = call.word(3);
  if (size % 8 !== 0) return errno.EINVAL;
  const bytes = new Uint8Array(size).fill(0x55, 0, Math.min(size, STACK_TRACE_SIZE));
  call.host.space.write(call.value(2), bytes);
  return BigInt(Math.min(size, STACK_TRACE_SIZE));
}

function lock(call: HelperCall): bigint {
  call.host.held.lock(call.value(1));
  return 0n;
}

function unlock(call: HelperCall): bigint {
  call.host.held.unlock(call.value(1));
  return 0n;
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
    [42, () => 0n],
    [45, probeReadText],
    [67, stackTrace],
    [87, push],
    [88, (call) => queueNext(call, true)],
    [89, (call) => queueNext(call, false)],
    [93, lock],
    [94, unlock],
    [112, probeRead],
    [113, probeRead],
    [114, probeReadText],
    [115, probeReadText],
    [118, clock],
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
    [173, ({ host }) => host.environment.cookie],
    [174, ({ host }) => host.environment.cookie],
    [177, traceVprintk],
    [181, loop],
    [182, compareText],
    [195, (call) => (call.word(3) === 0 ? lookup(call) : 0n)],
    [208, clock],
    ...packetHelpers,
    ...dynptrHelpers,
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

function perfEventOutput(call: HelperCall): bigint {
  const map = call.mapOf(2, EventArray);
  const { environment, packet } = call.host;
  const bytes = call.bytes(4, call.word(5));
  return map.output(bytes, call.value(3), environment.cpu, packet?.bytes);
}
