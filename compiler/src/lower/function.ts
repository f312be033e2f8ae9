import type { BpfInstruction } from '../object/index.ts';
import { lowerAlu, lowerNegate, lowerSignExtend, lowerSwap, truncated } from './alu.ts';
import { condition } from './branches.ts';
import { lowerFunctionCall, lowerHelperCall, lowerRegisterCall } from './calls.ts';
import { type BlockEnd, countPredecessors } from './edges.ts';
import { lowerAtomic, lowerLegacyLoad, lowerLoad, lowerStore } from './memory.ts';
import { constantText } from './ranges.ts';
import { lowerReference } from './references.ts';
import { frameOffset, integer, pointer, representation, type Value } from './registers.ts';
import type { FunctionState } from './state.ts';
import { recoverSwitches, type Switches, type SwitchLeaf, type SwitchPlan } from './switch.ts';

/** Iterations that may_goto allows a call of a function: the kernel's limit. */
const MAY_GOTO_LIMIT = 8_388_608;

/** A register that is merged at the start of a block. */
interface Phi {
  readonly register: number;
  readonly name: string;
  readonly type: 'i64' | 'i8*';
  readonly incoming: string[];
}

/** Lowers the body of one function: blocks in order, registers in SSA form. */
export class FunctionLowering {
  readonly #state: FunctionState;
  readonly #ends: readonly (BlockEnd | undefined)[];
  readonly #switches: Switches;
  readonly #phis: (Phi[] | undefined)[];
  /** The one block that leads to a block that merges nothing. */
  readonly #inheritsFrom: Int32Array;
  readonly #exits: (readonly (Value | undefined)[] | undefined)[] = [];
  /** Complete the merges once every edge is known. */
  readonly #fills: (() => void)[] = [];
  /** Counts down what may_goto allows. */
  #budget: string | undefined;

  constructor(state: FunctionState) {
    this.#state = state;
    const { code, facts } = state;
    this.#ends = state.ends;
    const direct = countPredecessors(this.#ends, new Set());
    direct[0]!++;
    this.#switches = recoverSwitches(code, facts, this.#ends, direct);
    this.#inheritsFrom = this.#findSinglePredecessors();
    this.#phis = facts.blocks.map((block) => this.#phisOf(block.index));
  }

  /** The text of the body; the registers hold the parameters on entry. */
  body(): string {
    const { writer, facts } = this.#state;
    this.#goTo(0);
    for (const block of facts.blocks) {
      if (this.#emitted(block.index)) this.#lowerBlock(block.index);
    }
    for (const fill of this.#fills) fill();
    return writer.body();
  }

  #emitted(block: number): boolean {
    return this.#ends[block] !== undefined && !this.#switches.absorbed.has(block);
  }

  /** For each block, the block it is entered from when that is one, comes earlier, and by one edge. */
  #findSinglePredecessors(): Int32Array {
    const from = new Int32Array(this.#ends.length).fill(-1);
    const edges = new Int32Array(this.#ends.length);
    const add = (source: number, target: number): void => {
      edges[target]!++;
      from[target] = source;
    };
    if (edges.length > 0) edges[0] = 1;
    for (const [index, end] of this.#ends.entries()) {
      if (end === undefined || !this.#emitted(index)) continue;
      const plan = this.#switches.plans.get(index);
      if (plan !== undefined) {
        // A trampoline or several cases may lead to the same block: always merge there.
        for (const leaf of plan.leaves) {
          add(index, leaf.target);
          edges[leaf.target]!++;
        }
        continue;
      }
      if (end.next !== undefined) add(index, end.next);
      if (end.target !== undefined) add(index, end.target);
    }
    return from.map((source, target) => (edges[target] === 1 && source < target ? source : -1));
  }

  #phisOf(block: number): Phi[] | undefined {
    if (!this.#emitted(block)) return undefined;
    if (block !== 0 && this.#inheritsFrom[block] !== -1) return undefined;
    const { facts, code, entryTypes } = this.#state;
    const types = entryTypes[block];
    const live = facts.liveBefore[facts.blocks[block]!.first]!;
    const phis: Phi[] = [];
    for (let register = 0; register < 10; register++) {
      if (((live >> register) & 1) === 0) continue;
      const type = representation(types?.[register], code.index);
      if (type === 'frame' || constantText(types?.[register]) !== undefined) continue;
      phis.push({ register, name: `%b${block}r${register}`, type, incoming: [] });
    }
    return phis;
  }

  #lowerBlock(index: number): void {
    const { writer, facts } = this.#state;
    const block = facts.blocks[index]!;
    writer.startBlock(`b${index}`);
    const fill = this.#enter(index);
    this.#fills.push(fill);
    const last = block.end - 1;
    for (let position = block.first; position <= last; position++) {
      const instruction = this.#state.at(position);
      if (!this.#state.reached) {
        writer.emit('unreachable');
        return;
      }
      if (position === last) this.#lowerEnd(index, instruction);
      else this.#lowerInstruction(instruction);
    }
  }

  #enter(index: number): () => void {
    const { writer, registers, entryTypes, code } = this.#state;
    const phis = this.#phis[index];
    if (phis === undefined) {
      registers.restore(this.#exits[this.#inheritsFrom[index]!] ?? []);
      return () => {};
    }
    const values = new Array<Value | undefined>(10).fill(undefined);
    const types = entryTypes[index];
    for (let register = 0; register < 10; register++) {
      const known = constantText(types?.[register]);
      if (known !== undefined) values[register] = integer(known);
      const offset = frameOffset(types?.[register], code.index);
      if (offset !== undefined) values[register] = { kind: 'frame', offset };
    }
    for (const phi of phis) {
      values[phi.register] = phi.type === 'i64' ? integer(phi.name) : pointer(phi.name);
    }
    registers.restore(values);
    const fill = writer.reserve();
    return () => fill(phis.map(phiLine));
  }

  /** Hands the registers over to a block, from the block that is being written. */
  #addEdge(target: number, count = 1): void {
    const { writer, registers, entryTypes } = this.#state;
    for (const phi of this.#phis[target] ?? []) {
      const value = registers.get(phi.register);
      const type = entryTypes[target]?.[phi.register];
      const text =
        phi.type === 'i64'
          ? registers.toInteger(value)
          : registers.toPointer(value, this.#state.partOf(type));
      const entry = `[ ${text}, %${writer.label} ]`;
      for (let edge = 0; edge < count; edge++) phi.incoming.push(entry);
    }
  }

  #goTo(target: number): void {
    this.#addEdge(target);
    this.#state.writer.emit(`br label %b${target}`);
  }

  #lowerInstruction(instruction: BpfInstruction): void {
    const state = this.#state;
    switch (instruction.kind) {
      case 'alu':
        lowerAlu(state, instruction);
        return;
      case 'negate':
        lowerNegate(state, instruction);
        return;
      case 'move_sign_extend':
        lowerSignExtend(state, instruction);
        return;
      case 'swap':
        lowerSwap(state, instruction);
        return;
      case 'reference':
        lowerReference(state, instruction);
        return;
      case 'load':
        lowerLoad(state, instruction);
        return;
      case 'store':
        lowerStore(state, instruction);
        return;
      case 'atomic':
        lowerAtomic(state, instruction);
        return;
      case 'legacy_load':
        lowerLegacyLoad(state, instruction);
        return;
      case 'call_helper':
        lowerHelperCall(state, instruction.helper);
        return;
      case 'call_function':
        lowerFunctionCall(state, instruction.function);
        return;
      case 'call_register':
        lowerRegisterCall(state, instruction.register);
        return;
      case 'call_kernel':
        throw state.failure('BPF-L030', 'calls of kernel functions (kfuncs) are not supported');
      case 'address_space_cast':
        throw state.failure('BPF-L031', 'arenas (address space casts) are not supported');
      case 'poison':
        throw state.failure('BPF-L032', instruction.reason);
      case 'jump':
      case 'branch':
      case 'may_goto':
      case 'exit':
        throw state.failure('BPF-L033', 'a jump in the middle of a block');
    }
  }

  #lowerEnd(index: number, last: BpfInstruction): void {
    const { writer, registers } = this.#state;
    const end = this.#ends[index]!;
    switch (last.kind) {
      case 'exit':
        writer.emit(this.#state.returnOf(registers.get(0)));
        return;
      case 'may_goto':
        if (end.target === undefined) break;
        this.#lowerMayGoto(index, end);
        return;
      case 'branch': {
        const plan = this.#switches.plans.get(index);
        if (plan !== undefined) {
          this.#lowerSwitch(plan);
          return;
        }
        if (end.target === undefined) break;
        const taken = condition(this.#state, last);
        this.#addEdge(end.next!);
        this.#addEdge(end.target);
        this.#leave(index);
        writer.emit(`br i1 ${taken}, label %b${end.target}, label %b${end.next}`);
        return;
      }
      case 'jump':
        break;
      default:
        this.#lowerInstruction(last);
    }
    if (end.next === undefined) {
      if (this.#runsOff(last)) {
        throw this.#state.failure('BPF-L034', 'control runs off the end of the function');
      }
      writer.emit('unreachable');
      return;
    }
    this.#leave(index);
    this.#goTo(end.next);
  }

  /** True when the last instruction of the code lets control go on behind it. */
  #runsOff(last: BpfInstruction): boolean {
    return last.kind !== 'jump' && this.#state.index + 1 >= this.#state.code.instructions.length;
  }

  #leave(index: number): void {
    this.#exits[index] = this.#state.registers.snapshot();
  }

  #lowerMayGoto(index: number, end: BlockEnd): void {
    const { writer } = this.#state;
    if (this.#budget === undefined) {
      this.#budget = writer.defineAtEntry('alloca i64, align 8');
      writer.emitAtEntry(`store i64 ${MAY_GOTO_LIMIT}, i64* ${this.#budget}, align 8`);
    }
    const left = writer.define(`load i64, i64* ${this.#budget}, align 8`);
    const used = writer.define(`icmp eq i64 ${left}, 0`);
    const on = writer.freshLabel('budget');
    this.#addEdge(end.target!);
    writer.emit(`br i1 ${used}, label %b${end.target}, label %${on}`);
    writer.startBlock(on);
    const rest = writer.define(`sub i64 ${left}, 1`);
    writer.emit(`store i64 ${rest}, i64* ${this.#budget}, align 8`);
    this.#leave(index);
    this.#goTo(end.next!);
  }

  #lowerSwitch(plan: SwitchPlan): void {
    const { writer, registers } = this.#state;
    const type = `i${plan.width}`;
    const value = truncated(this.#state, registers.integer(plan.register), plan.width);
    const labels: string[] = [];
    const cases: string[] = [];
    const detours: { readonly label: string; readonly leaf: SwitchLeaf }[] = [];
    for (const [index, leaf] of plan.leaves.entries()) {
      let label = `b${leaf.target}`;
      const isDefault = index === 0 && !plan.all;
      const values = isDefault ? [] : valuesOf(leaf.intervals, plan.width);
      const count = isDefault ? 1 : values.length;
      if (leaf.moves.size > 0) {
        label = writer.freshLabel('case');
        detours.push({ label, leaf });
      } else if (count > 0) {
        this.#addEdge(leaf.target, count);
      }
      labels.push(label);
      for (const constant of values) cases.push(`${type} ${constant}, label %${label}`);
    }
    const otherwise = plan.all ? writer.freshLabel('impossible') : labels[0];
    writer.emit(`switch ${type} ${value}, label %${otherwise} [ ${cases.join(' ')} ]`);
    if (otherwise !== labels[0]) {
      writer.startBlock(otherwise!);
      writer.emit('unreachable');
    }
    const before = registers.snapshot();
    for (const { label, leaf } of detours) {
      writer.startBlock(label);
      registers.restore(before);
      for (const [register, text] of leaf.moves) registers.set(register, integer(text));
      this.#goTo(leaf.target);
    }
  }
}

/** A block that only a switch without values led to is entered by nobody, yet has to be valid. */
function phiLine({ name, type, incoming }: Phi): string {
  return incoming.length > 0
    ? `  ${name} = phi ${type} ${incoming.join(', ')}`
    : `  ${name} = freeze ${type} undef`;
}

/** Every value of the intervals as a constant of the width. */
function valuesOf(intervals: SwitchPlan['leaves'][number]['intervals'], width: number): string[] {
  const values: string[] = [];
  for (const { low, high } of intervals) {
    for (let value = low; value <= high; value++) {
      values.push(BigInt.asIntN(width, value).toString());
    }
  }
  return values;
}
