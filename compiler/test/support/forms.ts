import type { Instruction } from '../../src/isa/index.ts';

export const aluOperators = [
  ...(['add', 'sub', 'mul', 'div', 'sdiv', 'mod', 'smod'] as const),
  ...(['or', 'and', 'xor', 'lsh', 'rsh', 'arsh', 'mov'] as const),
] as const;

export const branchOperators = [
  ...(['eq', 'ne', 'set', 'gt', 'ge', 'lt', 'le', 'sgt', 'sge', 'slt', 'sle'] as const),
] as const;

/** The form of an instruction: everything about it but registers, offsets and values. */
export function formOf(instruction: Instruction): string {
  switch (instruction.kind) {
    case 'alu':
      return `${instruction.operator}${instruction.width} ${instruction.source.kind}`;
    case 'negate':
      return `negate${instruction.width}`;
    case 'move_sign_extend':
      return `mov${instruction.width} s${instruction.bits}`;
    case 'swap':
      return `${instruction.to}${instruction.bits}`;
    case 'load':
      return `load ${instruction.signed ? 's' : 'u'}${instruction.size * 8}`;
    case 'store':
      return `store u${instruction.size * 8} ${instruction.source.kind}`;
    case 'atomic':
      return `${instruction.fetch ? 'fetch ' : ''}${instruction.operator} u${instruction.size * 8}`;
    case 'branch':
      return `if ${instruction.operator}${instruction.width} ${instruction.right.kind}`;
    case 'jump':
      return instruction.long ? 'gotol' : 'goto';
    default:
      return instruction.kind;
  }
}

/** Every form that `generate` writes. */
export function generatedForms(): readonly string[] {
  const operands = ['register', 'immediate'];
  const widths = [32, 64];
  const both = widths.flatMap((width) => operands.map((operand) => `${width} ${operand}`));
  const sizes = [8, 16, 32, 64];
  return [
    ...aluOperators.flatMap((operator) => both.map((rest) => `${operator}${rest}`)),
    ...branchOperators.flatMap((operator) => both.map((rest) => `if ${operator}${rest}`)),
    ...widths.map((width) => `negate${width}`),
    ...['mov32 s8', 'mov32 s16', 'mov64 s8', 'mov64 s16', 'mov64 s32'],
    ...['le', 'be', 'swap'].flatMap((to) => [16, 32, 64].map((bits) => `${to}${bits}`)),
    ...sizes.map((bits) => `load u${bits}`),
    ...['load s8', 'load s16', 'load s32'],
    ...sizes.flatMap((bits) => operands.map((operand) => `store u${bits} ${operand}`)),
    ...['add', 'or', 'and', 'xor'].flatMap((operator) =>
      widths.flatMap((bits) => [`${operator} u${bits}`, `fetch ${operator} u${bits}`]),
    ),
    ...['xchg', 'cmpxchg'].flatMap((name) => widths.map((bits) => `fetch ${name} u${bits}`)),
    ...['load_acquire', 'store_release'].flatMap((name) => sizes.map((bits) => `${name} u${bits}`)),
    ...['goto', 'gotol', 'constant', 'may_goto', 'call_local', 'exit'],
  ];
}
