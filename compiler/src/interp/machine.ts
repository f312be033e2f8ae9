import type { BpfFunction, BpfInstruction, BpfObject, Reference } from '../object/index.ts';
import { StrictCall } from './arguments.ts';
import { arithmetic, atomicResult, holds, signed, swapBytes, unsigned } from './arithmetic.ts';
import { type Helper, HelperCall, type HelperHost } from './call.ts';
import type { Start } from './context.ts';
import { Dynptrs } from './dynptr.ts';
import { Fault } from './fault.ts';
import { Held } from './held.ts';
import { type InterpMap, indexKey, mapType, ReferenceMap } from './maps.ts';
import { type AddressSpace, MASK64, type Region } from './memory.ts';
import type { Packet } from './packet.ts';
import type { Environment, Observer } from './types.ts';

const FRAME_SIZE = 512;
const FRAME_LIMIT = 8;
const TAIL_CALL_LIMIT = 33;
const TAIL_CALL = 12;
const SPIN_UNLOCK = 94;
const FRAME_POINTER = 10;

/** What outlives a run: memory, maps, data, and what they were made from. */
export interface World {
  readonly object: BpfObject;
  readonly space: AddressSpace;
  readonly strict: boolean;
  readonly environment: Environment;
  readonly maps: readonly InterpMap[];
  readonly mapsByHandle: ReadonlyMap<bigint, InterpMap>;
  readonly data: readonly Region[];
  /** Opaque regions whose addresses are those of functions. */
  readonly functions: readonly Region[];
  readonly functionsByAddress: ReadonlyMap<bigint, number>;
  readonly helpers: ReadonlyMap<number, Helper>;
  readonly mayGotoLimit: number;
}

type Registers = (bigint | undefined)[];

/** One activation of a function. */
interface Frame {
  /** Changes when a tail call replaces the program. */
  function: BpfFunction;
  registers: Registers;
  mayGoto: number;
  /** Somebody reads r0 when the function ends. */
  readonly needsResult: boolean;
}

/** Makes a stack frame hold nothing. */
function forget(stack: Region): void {
  stack.bytes.fill(0);
  stack.written?.fill(0);
}

/** How an instruction goes on: at another index, or out of the function with a value. */
type Next = { readonly to: number } | { readonly result: bigint | undefined } | undefined;

/** Executes programs of a world, one run per machine. */
export class Machine implements HelperHost {
  readonly space: AddressSpace;
  readonly environment: Environment;
  readonly trace: string[] = [];
  readonly context: bigint;
  readonly packet: Packet | undefined;
  readonly held: Held;
  readonly dynptrs: Dynptrs;
  readonly #world: World;
  readonly #budget: number;
  readonly #observe: Observer | undefined;
  /** One region a depth, used anew by every call unless runs are strict. */
  readonly #frames: Region[] = [];
  #depth = 0;
  #tailCalls = 0;
  executed = 0;

  constructor(
    world: World,
    start: Pick<Start, 'r1' | 'packet'>,
    budget: number,
    observe?: Observer,
  ) {
    this.#world = world;
    this.space = world.space;
    this.environment = world.environment;
    this.context = start.r1;
    this.packet = start.packet;
    this.held = new Held(world.strict);
    this.dynptrs = new Dynptrs(world.space);
    this.#budget = budget;
    this.#observe = observe;
  }

  /** The regions of this run's stack, which end with it. */
  get stack(): readonly Region[] {
    return this.#frames;
  }

  mapAt(address: bigint): InterpMap | undefined {
    return this.#world.mapsByHandle.get(address);
  }

  isFunction(address: bigint): boolean {
    return this.#world.functionsByAddress.has(address);
  }

  callBack(address: bigint, values: readonly bigint[]): bigint {
    const target = this.#world.functionsByAddress.get(address);
    if (target === undefined) {
      throw new Fault('bad_call', `callback 0x${address.toString(16)} is no function`);
    }
    const held = this.held.snapshot();
    const result = this.#enter(target, [undefined, ...values], true)!;
    if (this.#world.strict && result > 1n) {
      throw new Fault('callback_result', `a callback returned ${result}`);
    }
    this.held.checkSame(held, 'after a callback');
    return result;
  }

  /** Runs a program from its entry; `values[n]` is the value of register n, of which 1 to 5 count. */
  run(functionIndex: number, values: readonly (bigint | undefined)[]): bigint {
    const result = this.#enter(functionIndex, values, true)!;
    this.held.checkNone('at the end of the program');
    return result;
  }

  /** The same for calls by other functions: those need no result, as C functions that return void. */
  #enter(
    functionIndex: number,
    values: readonly (bigint | undefined)[],
    needsResult: boolean,
  ): bigint | undefined {
    if (this.#depth >= FRAME_LIMIT) {
      throw new Fault('call_depth', `more than ${FRAME_LIMIT} frames of calls`);
    }
    const depth = this.#depth;
    const stack = this.#frame(depth);
    const registers: Registers = [undefined, ...values.slice(1, 6)];
    registers[FRAME_POINTER] = stack.base + BigInt(FRAME_SIZE);
    const frame: Frame = {
      function: this.#world.object.functions[functionIndex]!,
      registers,
      mayGoto: this.#world.mayGotoLimit,
      needsResult,
    };
    this.#depth++;
    try {
      return this.#execute(frame);
    } finally {
      stack.live = false;
      this.#depth--;
    }
  }

  /** The stack of a call, which holds nothing yet. */
  #frame(depth: number): Region {
    const known = this.#frames[depth];
    if (known !== undefined && !this.#world.strict) {
      forget(known);
      known.live = true;
      return known;
    }
    // Addresses of a frame that has ended must not become those of the next.
    if (known !== undefined) this.space.drop(known);
    const frame = this.space.add(`stack frame ${depth}`, new Uint8Array(FRAME_SIZE), {
      written: new Uint8Array(FRAME_SIZE),
      aligned: true,
    });
    this.#frames[depth] = frame;
    return frame;
  }

  #execute(frame: Frame): bigint | undefined {
    let at = 0;
    try {
      for (;;) {
        const instruction = frame.function.instructions[at];
        if (instruction === undefined)
          throw new Fault('past_the_end', 'execution runs past the end');
        if (++this.executed > this.#budget) {
          throw new Fault('budget', `no end after ${this.#budget} instructions`);
        }
        this.#observe?.(frame.function.index, at, this.#depth - 1, frame.registers);
        const next = this.#step(frame, instruction);
        if (next === undefined) at++;
        else if ('to' in next) at = next.to;
        else return next.result;
      }
    } catch (error) {
      // The innermost frame is where it happened; outer ones pass it on.
      if (error instanceof Fault && error.function === undefined) {
        error.function = frame.function.name;
        error.functionIndex = frame.function.index;
        error.instruction = at;
      }
      throw error;
    }
  }

  #read(frame: Frame, register: number): bigint {
    const value = frame.registers[register];
    if (value === undefined) {
      throw new Fault('uninitialised_register', `r${register} holds no value`);
    }
    return value;
  }

  #operand(
    frame: Frame,
    operand: { kind: 'register'; register: number } | { kind: 'immediate'; value: number },
  ): bigint {
    if (operand.kind === 'register') return this.#read(frame, operand.register);
    return BigInt(operand.value) & MASK64;
  }

  #address(frame: Frame, base: number, offset: number): bigint {
    return (this.#read(frame, base) + BigInt(offset)) & MASK64;
  }

  #step(frame: Frame, instruction: BpfInstruction): Next {
    const { registers } = frame;
    switch (instruction.kind) {
      case 'alu': {
        const { operator, width, destination, source } = instruction;
        const right = this.#operand(frame, source);
        // A move is the one operation that does not read its destination.
        const left = operator === 'mov' ? 0n : this.#read(frame, destination);
        registers[destination] = arithmetic(operator, width, left, right);
        return undefined;
      }
      case 'negate': {
        const { width, destination } = instruction;
        registers[destination] = unsigned(-this.#read(frame, destination), width);
        return undefined;
      }
      case 'move_sign_extend': {
        const { width, bits, destination, source } = instruction;
        registers[destination] = unsigned(signed(this.#read(frame, source), bits), width);
        return undefined;
      }
      case 'swap': {
        const { to, bits, destination } = instruction;
        const value = unsigned(this.#read(frame, destination), bits);
        registers[destination] = to === 'le' ? value : swapBytes(value, bits);
        return undefined;
      }
      case 'reference':
        registers[instruction.destination] = this.#resolve(instruction.reference);
        return undefined;
      case 'jump':
        return { to: instruction.target };
      case 'branch': {
        const { operator, width, left, right, target } = instruction;
        const taken = holds(operator, width, this.#read(frame, left), this.#operand(frame, right));
        return taken ? { to: target } : undefined;
      }
      case 'may_goto':
        if (frame.mayGoto === 0) return { to: instruction.target };
        frame.mayGoto--;
        return undefined;
      case 'call_helper':
        return this.#callHelper(frame, instruction.helper);
      case 'call_function':
        this.#finishCall(frame, this.#enter(instruction.function, registers, false));
        return undefined;
      case 'call_register':
        return this.#callRegister(frame, this.#read(frame, instruction.register));
      case 'exit':
        return { result: frame.needsResult ? this.#read(frame, 0) : registers[0] };
      case 'load':
      case 'store':
      case 'atomic':
      case 'legacy_load':
        return this.#access(frame, instruction);
      case 'poison':
        throw new Fault('poison', instruction.reason);
      case 'call_kernel':
        throw new Fault('not_interpreted', 'calls of kernel functions are not interpreted');
      case 'address_space_cast':
        throw new Fault('not_interpreted', 'addr_space_cast is not interpreted');
    }
  }

  #access(
    frame: Frame,
    instruction: Extract<BpfInstruction, { kind: 'load' | 'store' | 'atomic' | 'legacy_load' }>,
  ): Next {
    switch (instruction.kind) {
      case 'load': {
        const { size, signed: extend, destination, base, offset } = instruction;
        const value = this.space.load(this.#address(frame, base, offset), size);
        frame.registers[destination] = extend ? signed(value, size * 8) & MASK64 : value;
        return undefined;
      }
      case 'store': {
        const { size, base, offset, source } = instruction;
        const value = this.#operand(frame, source);
        this.space.store(this.#address(frame, base, offset), size, value);
        return undefined;
      }
      case 'atomic':
        this.#atomic(frame, instruction);
        return undefined;
      case 'legacy_load':
        return this.#legacyLoad(frame, instruction);
    }
  }

  #atomic(frame: Frame, instruction: Extract<BpfInstruction, { kind: 'atomic' }>): void {
    const { operator, size, fetch, base, offset, source } = instruction;
    const { registers } = frame;
    const address = this.#address(frame, base, offset);
    if (address % BigInt(size) !== 0n) {
      throw new Fault('misaligned', `atomic access of ${size} bytes that is not aligned`);
    }
    if (operator === 'load_acquire') {
      registers[source] = this.space.load(address, size);
      return;
    }
    const operand = this.#read(frame, source);
    if (operator === 'store_release') {
      this.space.store(address, size, operand);
      return;
    }
    const expected = operator === 'cmpxchg' ? this.#read(frame, 0) : 0n;
    const old = this.space.load(address, size);
    const result = atomicResult(operator, size, old, operand, expected);
    // A failed exchange writes back what was there: the memory must be writable either way.
    this.space.store(address, size, result ?? old);
    if (operator === 'cmpxchg') registers[0] = old;
    else if (fetch) registers[source] = old;
  }

  /** Outside the packet the function ends with 0, as the code that the kernel puts in its place does. */
  #legacyLoad(frame: Frame, instruction: Extract<BpfInstruction, { kind: 'legacy_load' }>): Next {
    const { size, index, immediate } = instruction;
    if (this.packet === undefined) {
      throw new Fault('not_interpreted', 'the program has no packet');
    }
    if (this.#read(frame, 6) !== this.context) {
      throw new Fault('helper_argument', 'r6 is not the context');
    }
    this.held.checkNone('at a load that may end the program');
    const start = index === undefined ? 0 : Number(signed(this.#read(frame, index), 32));
    const offset = Number(signed(BigInt(start + immediate), 32));
    this.#clobber(frame);
    const { bytes } = this.packet;
    if (offset < 0 || offset + size > bytes.length) return { result: 0n };
    let value = 0n;
    for (let at = offset; at < offset + size; at++) {
      value = (value << 8n) | BigInt(bytes[at]!);
    }
    frame.registers[0] = value;
    return undefined;
  }

  #resolve(reference: Reference): bigint {
    switch (reference.kind) {
      case 'value':
        return reference.value & MASK64;
      case 'map':
        return this.#world.maps[reference.map]!.handle.base;
      case 'data':
        return this.#world.data[reference.section]!.base + BigInt(reference.offset);
      case 'map_value': {
        const address = this.#world.maps[reference.map]!.lookup(indexKey(0));
        return (address + BigInt(reference.offset)) & MASK64;
      }
      case 'function':
        return this.#world.functions[reference.function]!.base;
    }
  }

  /** What a call leaves: its result, and nothing in the registers of the arguments. */
  #finishCall(frame: Frame, result: bigint | undefined): void {
    this.#clobber(frame);
    frame.registers[0] = result;
  }

  #clobber(frame: Frame): void {
    for (let register = 1; register <= 5; register++) frame.registers[register] = undefined;
  }

  #callHelper(frame: Frame, number: number): Next {
    if (number === TAIL_CALL) return this.#tailCall(frame);
    const helper = this.#world.helpers.get(number);
    const call = new HelperCall(this, frame.registers);
    const strict = this.#world.strict ? new StrictCall(call, number) : undefined;
    if (helper === undefined) {
      throw new Fault('not_interpreted', `helper ${number} is not interpreted`);
    }
    if (number !== SPIN_UNLOCK) this.held.checkNoLock('at the call of a helper');
    const result = helper(call) & MASK64;
    this.#finishCall(frame, strict === undefined ? result : strict.finish(result));
    return undefined;
  }

  /** The register holds a function's address, or the number of a helper. */
  #callRegister(frame: Frame, value: bigint): Next {
    const target = this.#world.functionsByAddress.get(value);
    if (target !== undefined) {
      this.#finishCall(frame, this.#enter(target, frame.registers, false));
      return undefined;
    }
    if (value > 0xffffn) {
      throw new Fault('bad_call', `call of 0x${value.toString(16)}, which is no function`);
    }
    return this.#callHelper(frame, Number(value));
  }

  /** Replaces the program; when that fails, the program goes on behind the call. */
  #tailCall(frame: Frame): Next {
    const call = new HelperCall(this, frame.registers);
    const map = call.map(2);
    if (!(map instanceof ReferenceMap) || map.definition.type !== mapType.progArray) {
      throw new Fault('map_operation', `map ${map.definition.name} is no program array`);
    }
    if (call.value(1) !== this.context) {
      throw new Fault('helper_argument', 'r1 of a tail call is not the context');
    }
    this.held.checkNone('at a tail call');
    const index = call.word(3);
    const target = index < map.definition.maxEntries ? map.target(indexKey(index)) : undefined;
    if (target === undefined || this.#tailCalls >= TAIL_CALL_LIMIT) {
      // No result is defined here; a negative number is what the helper's description promises.
      this.#finishCall(frame, -2n & MASK64);
      return undefined;
    }
    this.#tailCalls++;
    forget(this.#frames[this.#depth - 1]!);
    const framePointer = frame.registers[FRAME_POINTER];
    frame.function = this.#world.object.functions[target as number]!;
    frame.registers = [undefined, this.context];
    frame.registers[FRAME_POINTER] = framePointer;
    frame.mayGoto = this.#world.mayGotoLimit;
    return { to: 0 };
  }
}
