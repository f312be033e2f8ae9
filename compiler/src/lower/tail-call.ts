import { helpers } from '../verifier/index.ts';
import { truncated } from './alu.ts';
import { helperArgument } from './calls.ts';
import { MAP_TYPE } from './descriptor.ts';
import { integer } from './registers.ts';
import type { FunctionState } from './state.ts';

/** Number of bpf_tail_call. */
export const TAIL_CALL = 12;
const PROG_ARRAY = 3;
/** How many tail calls may follow each other: the kernel's limit. */
const TAIL_CALL_LIMIT = 33;
const ENOENT = 2;

/** Type of what a slot of a program array points to. */
const BODY_TYPE = 'i64 (i8*, i64)';

/**
 * A tail call: jumps to the program in the slot with the same context and one more on the count. When
 * the slot is empty, out of range, or the count used up, the program goes on after the call.
 */
export function lowerTailCall(state: FunctionState): void {
  const { registers, writer, module } = state;
  const map = mapArgument(state);
  if (state.tailCallCount === undefined) {
    throw state.failure(
      'BPF-L044',
      'bpf_tail_call is supported in the main function of a program only',
      'make the call from the function that SEC() marks',
    );
  }
  const context = helperArgument(state, helpers().get(TAIL_CALL)!, 0);
  const index = truncated(state, registers.integer(3), 32);
  const [count, slot, call, failed] = ['count', 'slot', 'tail', 'failed'].map((hint) =>
    writer.freshLabel(hint),
  );
  const inRange = writer.define(`icmp ult i32 ${index}, ${map.maxEntries | 0}`);
  writer.emit(`br i1 ${inRange}, label %${count}, label %${failed}`);

  writer.startBlock(count!);
  const may = writer.define(`icmp ult i64 ${state.tailCallCount}, ${TAIL_CALL_LIMIT}`);
  const field = `getelementptr inbounds (${MAP_TYPE}, ${MAP_TYPE}* ${module.mapSymbol(map.index)}, i32 0, i32 0)`;
  const memory = writer.define(`load i8*, i8** ${field}, align 8`);
  const opened = writer.define(`icmp ne i8* ${memory}, null`);
  const both = writer.define(`and i1 ${may}, ${opened}`);
  writer.emit(`br i1 ${both}, label %${slot}, label %${failed}`);

  writer.startBlock(slot!);
  const slots = writer.define(`bitcast i8* ${memory} to i8**`);
  const wide = writer.define(`zext i32 ${index} to i64`);
  const place = writer.define(`getelementptr i8*, i8** ${slots}, i64 ${wide}`);
  const address = writer.define(`load atomic i8*, i8** ${place} acquire, align 8`);
  const filled = writer.define(`icmp ne i8* ${address}, null`);
  writer.emit(`br i1 ${filled}, label %${call}, label %${failed}`);

  writer.startBlock(call!);
  const target = writer.define(`bitcast i8* ${address} to ${BODY_TYPE}*`);
  const next = writer.define(`add i64 ${state.tailCallCount}, 1`);
  const result = writer.define(`musttail call i64 ${target}(i8* ${context}, i64 ${next})`);
  writer.emit(`ret i64 ${result}`);

  writer.startBlock(failed!);
  registers.clobberArguments();
  registers.set(0, integer(`-${ENOENT}`));
}

function mapArgument(state: FunctionState): { index: number; maxEntries: number } {
  const type = state.type(2);
  const index =
    type?.kind === 'pointer' && type.region.kind === 'map' ? type.region.map : undefined;
  const map = state.module.object.maps[index ?? -1];
  if (map === undefined || map.type !== PROG_ARRAY) {
    throw state.failure('BPF-L045', 'the second argument of bpf_tail_call is no one program array');
  }
  return map;
}
