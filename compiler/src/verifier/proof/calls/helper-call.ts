/** Calls of helpers: the order in which a call is checked and takes effect. */
import { HELPER } from '../../helper-numbers.ts';
import { changesPacketData, findHelper } from '../../helpers.ts';
import type { Path } from '../path.ts';
import { UNINITIALISED } from '../value.ts';
import { checkArguments } from './arguments.ts';
import { newCall } from './call.ts';
import { beginCallbacks } from './callbacks.ts';
import { makeDynptr, releaseDynptr } from './dynptrs.ts';
import { refuseUnderLock } from './locks.ts';
import { forgetPackets, release } from './references.ts';
import { resultOf } from './results.ts';
import { checkTailCall } from './tail-call.ts';

/** Refuses helpers that do not exist, make no sense here, or are not for this type of program. */
function findAllowed(path: Path, number: number) {
  const helper = findHelper(number);
  if (helper === undefined) {
    return path.reject('BPF-V003', `there is no helper function number ${number}`, {
      help: 'the program was made for a newer kernel than this list of helpers',
    });
  }
  if (helper.support === 'refused') {
    return path.reject(
      'BPF-V004',
      `helper bpf_${helper.name} makes no sense outside the kernel: ${helper.reason}`,
    );
  }
  if (!path.layout.helpers.has(number)) {
    return path.reject(
      'BPF-V035',
      `bpf_${helper.name}() cannot be called in programs of this type (${path.layout.kind})`,
      { help: 'the kernel does not let programs of this type call it either: do without it' },
    );
  }
  return helper;
}

/**
 * A helper call: arguments are checked against the helper's signature, then what the helper does to the
 * state is done. r0 is the result, r1 to r5 hold nothing afterwards.
 */
export function callHelper(path: Path, number: number): boolean {
  const helper = findAllowed(path, number);
  if (number !== HELPER.spin_unlock && number !== HELPER.spin_lock) {
    refuseUnderLock(
      path,
      `bpf_${helper.name}() is called`,
      'call helpers before the lock is taken or after it is released',
    );
  }
  const call = newCall(helper);
  checkArguments(path, call);
  if (number === HELPER.tail_call) checkTailCall(path, call.map!.map);
  beginCallbacks(path, call);
  for (const write of call.writes) write();
  if (call.madeDynptr !== undefined) {
    makeDynptr(
      path,
      call.madeDynptr,
      number === HELPER.ringbuf_reserve_dynptr ? 'ringbuf' : 'local',
    );
  }
  if (call.released !== undefined) release(path.state, call.released);
  if (helper.arguments.includes('DYNPTR_RELEASE')) releaseDynptr(path, call.dynptr!);
  const result = resultOf(path, call);
  const { registers } = path.state.frame;
  for (let register = 1; register <= 5; register++) registers[register] = UNINITIALISED;
  registers[0] = result;
  if (changesPacketData(number)) forgetPackets(path.state);
  return true;
}
