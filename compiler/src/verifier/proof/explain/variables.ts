/**
 * Names of the source for values of the machine code. BTF names parameters, members, global variables; it
 * says nothing of local variables, so their names come from the text of the line that assigns them, where
 * that is beyond doubt. No name is better than a wrong one.
 */
import type { Btf } from '../../../btf/index.ts';
import type { BpfInstruction, BpfObject, BpfProgram } from '../../../object/index.ts';
import { fieldAt, programContext } from '../../contexts/index.ts';
import { findBlocks } from '../../flow/blocks.ts';
import { findLiveness } from '../../flow/liveness.ts';
import { findHelper } from '../../helpers.ts';
import type { Code } from '../path.ts';
import type { Origin } from './explain-history.ts';
import { assignment, counterStep, declaration } from './variables-text.ts';

const FRAME_POINTER = 10;
/** Longest way from a variable through members that is spelt out. */
const DEEPEST_NAME = 4;

/** Finds names for the values of one program. */
export class VariableNames {
  readonly #object: BpfObject;
  readonly #program: BpfProgram;
  readonly #code: Code;
  #liveness: readonly Uint16Array[] | undefined;

  constructor(object: BpfObject, program: BpfProgram, code: Code) {
    this.#object = object;
    this.#program = program;
    this.#code = code;
  }

  /** How the source calls a value: `len`, `ctx->data`, `limit`. */
  nameOf(origin: Origin, depth = 0): string | undefined {
    if (origin.parameter !== undefined) return this.#parameter(origin);
    if (origin.pc < 0 || depth > DEEPEST_NAME) return undefined;
    if (origin.frameOffset !== undefined) return this.#address(origin.pc, origin.frameOffset);
    return this.#assigned(origin) ?? this.#loaded(origin, depth);
  }

  /** A sum of a named value and a constant: "`data` + 34 bytes". In quotes already. */
  sumOf(origin: Origin): string | undefined {
    if (origin.pc < 0 || origin.parameter !== undefined || origin.from === undefined) {
      return undefined;
    }
    const instruction = this.#code.at(origin.pc);
    if (instruction.kind !== 'alu' || instruction.source.kind !== 'immediate') return undefined;
    const { operator } = instruction;
    const name = this.nameOf(origin.from);
    if (name === undefined || (operator !== 'add' && operator !== 'sub')) return undefined;
    const sum = operator === 'add' ? instruction.source.value : -instruction.source.value;
    // C counts in elements what the machine counts in bytes.
    const unit = this.#isPacket(origin.from) ? ' bytes' : '';
    return `\`${name}\` ${sum < 0 ? '-' : '+'} ${Math.abs(sum)}${unit}`;
  }

  /** Whether a value was computed from the start of a packet. */
  #isPacket(origin: Origin): boolean {
    for (let one: Origin | undefined = origin; one !== undefined; one = one.from) {
      if (one.pc < 0 || one.parameter !== undefined) continue;
      const instruction = this.#code.at(one.pc);
      if (instruction.kind !== 'load') continue;
      if (one.from === undefined || !this.#isContext(one.from)) return false;
      const layout = programContext(this.#program, this.#object.ptRegs);
      const field = layout && fieldAt(layout, instruction.offset, instruction.size);
      return field !== undefined && field.yields !== 'scalar';
    }
    return false;
  }

  /** The call that gave a value: `bpf_ktime_get_ns()`. */
  callOf(origin: Origin): string | undefined {
    if (origin.pc < 0 || origin.parameter !== undefined) return undefined;
    const callee = this.calleeAt(origin.pc);
    return callee === undefined ? undefined : `${callee}()`;
  }

  /** Name of the function that the call at `pc` calls. */
  calleeAt(pc: number): string | undefined {
    const instruction = this.#code.at(pc);
    if (instruction.kind === 'call_function') {
      return this.#object.functions[instruction.function]?.name;
    }
    if (instruction.kind !== 'call_helper') return undefined;
    const name = findHelper(instruction.helper)?.name;
    return name === undefined ? undefined : `bpf_${name}`;
  }

  /** Whether a value comes from a call that may give null. */
  mayBeNull(origin: Origin): boolean {
    if (origin.pc < 0 || origin.parameter !== undefined) return false;
    const instruction = this.#code.at(origin.pc);
    if (instruction.kind !== 'call_helper') return false;
    return findHelper(instruction.helper)?.result.endsWith('_OR_NULL') === true;
  }

  /** The variable whose declaration first fills the stack at an offset: `&key`. */
  #address(pc: number, offset: number): string | undefined {
    const fn = this.#code.functionOf(pc);
    const start = this.#code.startOf(fn);
    const names = new Set<string | undefined>();
    this.#object.functions[fn]!.instructions.forEach((instruction, index) => {
      if (instruction.kind !== 'store' || instruction.base !== FRAME_POINTER) return;
      if (instruction.offset === offset) names.add(declaration(this.#line(start + index).text));
    });
    // Variables that do not live at the same time share a place.
    const [name] = names;
    return names.size === 1 && name !== undefined ? `&${name}` : undefined;
  }

  #parameter({ parameter }: Origin): string | undefined {
    const prototype = this.#prototype(parameter!.fn);
    return prototype?.parameters[parameter!.register - 1]?.name || undefined;
  }

  /** A function's prototype, when each of its parameters is in the register that its place says. */
  #prototype(fn: number) {
    const { btf } = this.#object;
    const bpfFunction = this.#object.functions[fn];
    if (btf === undefined || bpfFunction?.btfFunction === undefined) return undefined;
    const type = btf.type(bpfFunction.btfFunction);
    if (type.kind !== 'function') return undefined;
    const prototype = btf.type(type.prototype);
    if (prototype.kind !== 'function_prototype') return undefined;
    const { parameters } = prototype;
    // Structures by value take two registers.
    if (parameters.some((parameter) => btf.size(parameter.type) > 8)) return undefined;
    // Compilers drop unused parameters of static functions. The last register is used if none was dropped.
    if (bpfFunction.linkage === 'static' && fn !== this.#program.entry && parameters.length > 0) {
      this.#liveness ??= findLiveness(
        this.#object,
        this.#object.functions.map((one) => findBlocks(one.instructions)),
      );
      const live = this.#liveness[fn]?.[0] ?? 0;
      if (((live >> parameters.length) & 1) === 0) return undefined;
    }
    return prototype;
  }

  #line(pc: number): { readonly line: number | undefined; readonly text: string } {
    const place = this.#object.place(this.#code.functionOf(pc), this.#code.indexOf(pc));
    return { line: place.line, text: place.sourceText ?? '' };
  }

  /** The variable that the value's line assigns, if this value is what it assigns. */
  #assigned(origin: Origin): string | undefined {
    const { pc } = origin;
    const instruction = this.#code.at(pc);
    const { line, text } = this.#line(pc);
    if (line === undefined) return undefined;
    switch (instruction.kind) {
      case 'alu': {
        const { operator, source } = instruction;
        // Compilers load a constant once for all that need it: it belongs to no variable.
        if (operator === 'mov') return undefined;
        if (operator === 'add' && source.kind === 'immediate') {
          const counter = counterStep(text, source.value);
          if (counter !== undefined) return counter;
        }
        break;
      }
      case 'load':
      case 'negate':
      case 'swap':
      case 'legacy_load':
      case 'call_helper':
      case 'call_function':
        break;
      default:
        return undefined;
    }
    return this.#endsLine(pc, line, origin.register) ? assignment(text)?.name : undefined;
  }

  /** Whether nothing is computed after `pc` that belongs to the same line. */
  #endsLine(pc: number, line: number, register: number): boolean {
    const fn = this.#code.functionOf(pc);
    const end = this.#code.startOf(fn) + this.#object.functions[fn]!.instructions.length;
    const addresses = new Set<number>();
    for (let next = pc + 1; next < end && this.#line(next).line === line; next++) {
      const instruction = this.#code.at(next);
      if (!leavesAlone(instruction, register, addresses)) return false;
    }
    return true;
  }

  /** A member of what a named pointer points to, or a global variable. */
  #loaded(origin: Origin, depth: number): string | undefined {
    const instruction = this.#code.at(origin.pc);
    if (instruction.kind !== 'load') return undefined;
    const { offset, size } = instruction;
    const base = origin.from;
    if (base === undefined) return undefined;
    const global = this.#global(base, offset, size);
    if (global !== undefined) return global;
    const pointer = this.nameOf(base, depth + 1);
    if (pointer === undefined) return undefined;
    const member = this.#isContext(base)
      ? this.#contextField(offset, size)
      : this.#member(base, offset, size);
    return member === undefined ? undefined : `${pointer}->${member}`;
  }

  #global(base: Origin, offset: number, size: number): string | undefined {
    if (base.pc < 0 || base.parameter !== undefined) return undefined;
    const made = this.#code.at(base.pc);
    if (made.kind !== 'reference' || made.reference.kind !== 'data') return undefined;
    const at = made.reference.offset + offset;
    return this.#object.data[made.reference.section]?.variables.find(
      (variable) => variable.offset === at && variable.size === size,
    )?.name;
  }

  #isContext(base: Origin): boolean {
    const { parameter } = base;
    return parameter?.fn === this.#program.entry && parameter.register === 1 && base.pc < 0;
  }

  #contextField(offset: number, size: number): string | undefined {
    const layout = programContext(this.#program, this.#object.ptRegs);
    return layout && fieldAt(layout, offset, size)?.name;
  }

  #member(base: Origin, offset: number, size: number): string | undefined {
    const { btf } = this.#object;
    if (btf === undefined) return undefined;
    const type = this.#pointedType(btf, base);
    return type === undefined ? undefined : memberPath(btf, type, offset, size);
  }

  /** Type of what a pointer points to with its offset 0. */
  #pointedType(btf: Btf, base: Origin): number | undefined {
    if (base.parameter !== undefined) {
      const type = this.#prototype(base.parameter.fn)?.parameters[base.parameter.register - 1];
      if (type === undefined) return undefined;
      const pointer = btf.type(btf.resolve(type.type));
      return pointer.kind === 'pointer' ? pointer.target : undefined;
    }
    const declared = assignment(this.#line(base.pc).text)?.type;
    const struct = declared && /^struct ([A-Za-z_]\w*) ?\*$/.exec(declared)?.[1];
    return struct ? btf.find(struct, 'struct') : undefined;
  }
}

/**
 * Whether an instruction computes nothing from what is in a register: it moves what is there, or makes a
 * constant or the address of a local variable, for which compilers name no line of their own. `addresses`
 * are the registers that hold such addresses.
 */
function leavesAlone(
  instruction: BpfInstruction,
  register: number,
  addresses: Set<number>,
): boolean {
  switch (instruction.kind) {
    case 'store':
    case 'jump':
      return true;
    case 'reference':
      return instruction.destination !== register;
    case 'alu': {
      const { operator, source, destination } = instruction;
      if (operator === 'add') return source.kind === 'immediate' && addresses.has(destination);
      if (operator !== 'mov') return false;
      if (source.kind === 'register' && source.register === FRAME_POINTER) {
        addresses.add(destination);
      } else {
        addresses.delete(destination);
      }
      return true;
    }
    default:
      return false;
  }
}

/** The member that holds exactly these bytes of a structure: `stats.count`, `sizes[2]`. */
export function memberPath(
  btf: Btf,
  type: number,
  offset: number,
  size: number,
): string | undefined {
  let path = '';
  let at = offset;
  let current = btf.type(btf.resolve(type));
  // Types do not contain themselves, but a chain of one-member structures may be long.
  for (let depth = 0; depth < 16; depth++) {
    if (current.kind === 'struct') {
      const member = current.members.find((one) => {
        const start = one.bitOffset / 8;
        return one.bitfieldSize === 0 && at >= start && at < start + btf.size(one.type);
      });
      if (member === undefined) return undefined;
      at -= member.bitOffset / 8;
      if (member.name !== '') path += path === '' ? member.name : `.${member.name}`;
      current = btf.type(btf.resolve(member.type));
    } else if (current.kind === 'array') {
      const element = btf.size(current.element);
      if (element === 0) return undefined;
      path += `[${Math.floor(at / element)}]`;
      at %= element;
      current = btf.type(btf.resolve(current.element));
    } else {
      return at === 0 && btf.size(current.id) === size && path !== '' ? path : undefined;
    }
  }
  return undefined;
}
