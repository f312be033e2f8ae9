import * as assert from 'uvu/assert';
import { type InterpResult, type RunOptions, run } from '../../src/interp/index.ts';
import { constantScalar, contains, formatScalar } from '../../src/verifier/domain/index.ts';
import type {
  PointerType,
  StackPart,
  ValueType,
  VerifiedObject,
} from '../../src/verifier/index.ts';

interface OpenFrame {
  readonly function: number;
  readonly framePointer: bigint;
}

function show(value: ValueType): string {
  if (value.kind === 'scalar') return formatScalar(value.range);
  return JSON.stringify(value, (_, part) =>
    typeof part === 'bigint' ? `0x${part.toString(16)}` : part,
  );
}

/**
 * Runs a program and holds each register before each instruction against the facts, and each access
 * against the parts of frames. Dead registers are emptied first: the interpreter faults when it reads
 * one. Gives the result and the number of values that were compared.
 */
export function runAgainstFacts(
  verified: VerifiedObject,
  options: RunOptions,
): { readonly result: InterpResult; readonly compared: number } {
  const frames: OpenFrame[] = [];
  let memory: bigint | undefined;
  let compared = 0;

  const frameOf = (index: number) => frames.findLast((frame) => frame.function === index);

  function baseOf(pointer: PointerType): bigint | undefined {
    if (pointer.region.kind === 'stack') return frameOf(pointer.region.function)?.framePointer;
    return pointer.region.kind === 'memory' ? memory : undefined;
  }

  /** What is wrong with a value, if anything is. */
  function complaint(type: ValueType, value: bigint): string | undefined {
    if (type.kind === 'none') return 'is live but was never written';
    if (type.kind === 'scalar') {
      return contains(type.range, constantScalar(value)) ? undefined : 'is not in its range';
    }
    if (type.kind !== 'pointer' || type.region.kind === 'any') return undefined;
    // Null, or what was added to it.
    if (type.nullable && value < 1n << 32n) return undefined;
    if (type.nullable && value >= (1n << 64n) - (1n << 31n)) return undefined;
    const base = baseOf(type);
    if (base === undefined) return undefined;
    const offset = BigInt.asIntN(64, value - base);
    if (type.minimum !== undefined && offset < BigInt(type.minimum)) return 'is below its bounds';
    if (type.maximum !== undefined && offset > BigInt(type.maximum)) return 'is above its bounds';
    if (type.alignment > type.regionAlignment) return 'claims more alignment than its region has';
    return offset % BigInt(type.alignment) === 0n ? undefined : 'is not aligned';
  }

  function checkParts(
    at: string,
    functionIndex: number,
    instruction: number,
    address: bigint,
    size: number,
  ) {
    for (const frame of frames) {
      const low = Number(BigInt.asIntN(64, address - frame.framePointer));
      // Outside of its frame the access faults.
      if (low < -512 || low + size > 0) continue;
      const facts = verified.functions[frame.function]!;
      const inside = (part: StackPart | undefined) =>
        part !== undefined && low >= part.low && low + size <= part.high;
      assert.ok(facts.stackParts.some(inside), `${at}: bytes ${low}+${size} are in no part`);
      const pointer = verified.functions[functionIndex]!.access(instruction)?.pointer;
      if (frame.function !== functionIndex || pointer === undefined) continue;
      if (pointer.region.kind !== 'stack') continue;
      const fixed =
        !pointer.nullable && pointer.minimum !== undefined && pointer.minimum === pointer.maximum;
      // Places that are known are rebuilt from the byte that is touched, others from their part.
      const part = fixed
        ? facts.stackParts.find((candidate) => low >= candidate.low && low < candidate.high)
        : facts.stackPartOf(pointer);
      assert.ok(
        inside(part),
        `${at}: bytes ${low}+${size} are not in part ${JSON.stringify(part)}`,
      );
    }
  }

  const result = run(verified.object, {
    ...options,
    observe: (functionIndex, instruction, depth, registers) => {
      const facts = verified.functions[functionIndex]!;
      const at = `f${functionIndex} instruction ${instruction}`;
      frames.length = Math.min(frames.length, depth + 1);
      frames[depth] = { function: functionIndex, framePointer: registers[10]! };
      if (memory === undefined && registers[1] !== undefined) memory = registers[1];
      const before = facts.before(instruction);
      assert.ok(before, `${at} is reached, but proved unreachable`);
      const live = facts.liveBefore[instruction]!;
      for (let register = 0; register <= 10; register++) {
        const value = registers[register];
        if (register < 10 && ((live >> register) & 1) === 0) {
          (registers as (bigint | undefined)[])[register] = undefined;
          continue;
        }
        if (value === undefined) continue;
        compared++;
        const wrong = complaint(before[register]!, value);
        if (wrong !== undefined) {
          assert.unreachable(
            `${at}: r${register} = 0x${value.toString(16)} ${wrong}: ${show(before[register]!)}`,
          );
        }
      }
      const what = verified.object.functions[functionIndex]!.instructions[instruction]!;
      if (what.kind === 'load' || what.kind === 'store' || what.kind === 'atomic') {
        const base = registers[what.base];
        if (base !== undefined) {
          const address = BigInt.asUintN(64, base + BigInt(what.offset));
          const fact = facts.access(instruction)!;
          if (fact.pointer?.region.kind !== 'memory') {
            assert.is(address % BigInt(fact.alignment), 0n, `${at}: access is not aligned`);
          }
          checkParts(at, functionIndex, instruction, address, what.size);
        }
      }
    },
  });
  assert.not.match(result.fault?.message ?? '', /holds no value/);
  return { result, compared };
}
