/** What is refused whatever a program does with memory: things that cannot be compiled or never end. */
import { Failure } from '../../diag/index.ts';
import type { BpfInstruction, BpfObject } from '../../object/index.ts';
import { contextLayout, fieldAt } from '../contexts/index.ts';
import { HELPER } from '../helper-numbers.ts';
import { helpers } from '../helpers.ts';
import type { PointerType, ValueType } from '../types.ts';
import { type Analysis, type FunctionWork, MAXIMUM_DEPTH } from './analysis.ts';
import { registerCallee } from './calls.ts';

type Access = Extract<BpfInstruction, { kind: 'load' | 'store' | 'atomic' }>;

function refusal(
  object: BpfObject,
  work: FunctionWork,
  index: number,
  code: string,
  message: string,
  help?: string,
): Failure {
  const place = object.place(work.index, index);
  return new Failure({ code, message, place, ...(help !== undefined && { help }) });
}

/** Refuses kinds of programs that there is no context for. */
export function checkPrograms(object: BpfObject): void {
  for (const program of object.programs) {
    if (contextLayout(program.kind, object.ptRegs) !== undefined) continue;
    throw new Failure({
      code: 'BPF-V005',
      message: `programs of type '${program.attach.type}' are not supported (SEC("${program.attach.section}"), program ${program.name})`,
      place: object.place(program.entry, 0),
    });
  }
}

/** Refuses calls that lead back to a function that is still running, and chains that are too long. */
export function checkCalls(analysis: Analysis): void {
  const { object, functions } = analysis;
  /** Longest chain of frames from a function on; 0 while it is on the path. */
  const depth = new Map<FunctionWork, number>();
  for (const root of functions) {
    if (!root.entered || depth.has(root)) continue;
    const path = [{ work: root, callees: [...root.callees], next: 0, deepest: 0 }];
    depth.set(root, 0);
    while (path.length > 0) {
      const top = path.at(-1)!;
      const call = top.callees[top.next];
      if (call === undefined) {
        const frames = top.deepest + 1;
        if (frames > MAXIMUM_DEPTH) {
          const [, at] = top.callees.find(
            ([callee]) => depth.get(functions[callee]!) === top.deepest,
          ) ?? [0, 0];
          throw refusal(
            object,
            top.work,
            at,
            'BPF-V009',
            `calls are nested ${frames} functions deep here; ${MAXIMUM_DEPTH} are allowed`,
          );
        }
        depth.set(top.work, frames);
        path.pop();
        continue;
      }
      const [index, at] = call;
      const callee = functions[index]!;
      const known = depth.get(callee);
      if (known === 0) {
        const name = object.functions[index]!.name;
        throw refusal(
          object,
          top.work,
          at,
          'BPF-V011',
          `function ${name} calls itself; BPF has no recursion`,
        );
      }
      if (known === undefined) {
        depth.set(callee, 0);
        path.push({ work: callee, callees: [...callee.callees], next: 0, deepest: 0 });
        continue;
      }
      top.deepest = Math.max(top.deepest, known);
      top.next++;
    }
  }
}

function checkHelper(object: BpfObject, work: FunctionWork, index: number, number: number): void {
  const helper = helpers().get(number);
  if (helper === undefined) {
    throw refusal(object, work, index, 'BPF-V003', `there is no helper function number ${number}`);
  }
  if (helper.support === 'refused') {
    throw refusal(
      object,
      work,
      index,
      'BPF-V004',
      `helper bpf_${helper.name} makes no sense outside the kernel: ${helper.reason}`,
    );
  }
  const body = object.functions[work.index]!;
  if (number === HELPER.tail_call && (body.program === undefined || work.callers.size > 0)) {
    throw refusal(
      object,
      work,
      index,
      'BPF-V008',
      `bpf_tail_call in ${body.name}, which other functions call: only a program itself can`,
      'make the tail call in the program itself',
    );
  }
}

function checkField(
  object: BpfObject,
  work: FunctionWork,
  index: number,
  access: Access,
  base: PointerType,
): void {
  if (base.region.kind !== 'context') return;
  const layout = contextLayout(base.region.program, object.ptRegs);
  if (layout === undefined || layout.access === 'memory') return;
  const { name } = layout;
  if (base.minimum === undefined || base.minimum !== base.maximum) {
    throw refusal(object, work, index, 'BPF-V014', `${name} is accessed at an offset that varies`);
  }
  const at = base.minimum + access.offset;
  const field = fieldAt(layout, at, access.size);
  if (field === undefined) {
    const missing = layout.missing?.find(({ offset, size }) => at >= offset && at < offset + size);
    const what = missing === undefined ? `${access.size} bytes at offset ${at}` : missing.name;
    const why = missing === undefined ? 'are no field' : 'is not known outside the kernel';
    throw refusal(object, work, index, 'BPF-V014', `${what} of ${name} ${why}`);
  }
  if (access.kind !== 'load' && !field.writable) {
    throw refusal(object, work, index, 'BPF-V014', `field ${field.name} of ${name} is read-only`);
  }
}

function checkAccess(
  analysis: Analysis,
  work: FunctionWork,
  index: number,
  access: Access,
  base: ValueType,
): void {
  const { object } = analysis;
  const tracked = base.kind === 'pointer' && base.region.kind !== 'any';
  if (!tracked) {
    if (!analysis.contextLost || !object.programs.some(({ kind }) => translates(object, kind))) {
      return;
    }
    throw refusal(
      object,
      work,
      index,
      'BPF-V015',
      'this access may be to the context, whose address was put where it cannot be followed',
      'use the context only through the argument of the program',
    );
  }
  checkField(object, work, index, access, base);
  if (base.region.kind === 'map' || base.region.kind === 'inner_map') {
    throw refusal(object, work, index, 'BPF-V016', 'a map itself is accessed, not a value of it');
  }
}

/** Whether native code sees another context than the bytecode was written for. */
function translates(object: BpfObject, kind: BpfObject['programs'][number]['kind']): boolean {
  const layout = contextLayout(kind, object.ptRegs);
  return layout !== undefined && (layout.access === 'fields' || (layout.size ?? 0) > 0);
}

function writtenRegister(instruction: BpfInstruction): number | undefined {
  switch (instruction.kind) {
    case 'alu':
    case 'negate':
    case 'swap':
    case 'move_sign_extend':
    case 'address_space_cast':
    case 'reference':
    case 'load':
      return instruction.destination;
    case 'atomic':
      return instruction.fetch || instruction.operator === 'load_acquire'
        ? instruction.source
        : undefined;
    default:
      return undefined;
  }
}

/** Refuses an instruction that is reached with these registers and cannot be compiled. */
export function checkInstruction(
  analysis: Analysis,
  work: FunctionWork,
  index: number,
  registers: readonly ValueType[],
): void {
  const { object } = analysis;
  const instruction = work.instructions[index]!;
  if (writtenRegister(instruction) === 10) {
    throw refusal(object, work, index, 'BPF-V012', 'the frame pointer r10 is read-only');
  }
  switch (instruction.kind) {
    case 'poison':
      throw refusal(object, work, index, 'BPF-V001', instruction.reason);
    case 'call_helper':
      checkHelper(object, work, index, instruction.helper);
      return;
    case 'call_kernel':
      throw refusal(
        object,
        work,
        index,
        'BPF-V006',
        `kernel functions cannot be called outside the kernel (BTF id ${instruction.btfId})`,
      );
    case 'call_register': {
      const callee = registerCallee(registers[instruction.register]!);
      if (callee?.kind === 'helper') {
        checkHelper(object, work, index, callee.helper);
      }
      if (callee !== undefined) return;
      const message = 'a call through a register, which may hold different functions';
      throw refusal(object, work, index, 'BPF-V007', message);
    }
    case 'address_space_cast':
      throw refusal(object, work, index, 'BPF-V013', 'arenas (addr_space_cast) are not supported');
    case 'load':
    case 'store':
    case 'atomic':
      checkAccess(analysis, work, index, instruction, registers[instruction.base]!);
      return;
    default:
      return;
  }
}

/** Refuses a reachable block at the end of a function that does not end in an exit. */
export function checkEnd(analysis: Analysis, work: FunctionWork, last: number): void {
  const { name } = analysis.object.functions[work.index]!;
  throw refusal(
    analysis.object,
    work,
    last,
    'BPF-V002',
    `control runs past the end of ${name}: its last instruction is neither exit nor jump`,
  );
}
