import type { Helper } from '../verifier/index.ts';
import { type ArgumentKind, helpers } from '../verifier/index.ts';
import { contextArgument } from './context.ts';
import { inlineCall } from './inline.ts';
import { integer, pointer, ZERO } from './registers.ts';
import type { FunctionState } from './state.ts';
import { lowerTailCall, TAIL_CALL } from './tail-call.ts';

/** Arguments that are numbers; all others are addresses. */
const NUMBERS: ReadonlySet<ArgumentKind> = new Set([
  'ANYTHING',
  'SIZE',
  'SIZE_OR_ZERO',
  'CONST_ALLOC_SIZE',
]);

/** Helpers whose only effect is on state that no code of the module can see. */
const TOUCH_NOTHING_HERE: ReadonlySet<string> = new Set([
  'ktime_get_ns',
  'ktime_get_boot_ns',
  'ktime_get_coarse_ns',
  'ktime_get_tai_ns',
  'get_prandom_u32',
  'get_smp_processor_id',
  'get_current_pid_tgid',
  'get_current_uid_gid',
]);

/** A call of a helper by its number. */
export function lowerHelperCall(state: FunctionState, number: number): void {
  const helper = helpers().get(number);
  if (helper === undefined) throw state.failure('BPF-L040', `there is no helper ${number}`);
  if (helper.support === 'refused') {
    throw state.failure('BPF-L041', `bpf_${helper.name} is not supported: ${helper.reason}`);
  }
  if (number === TAIL_CALL) {
    lowerTailCall(state);
    return;
  }
  const { registers, writer } = state;
  const inlined = state.module.options.helpers === 'inline' ? inlineCall(state, helper) : undefined;
  const resultType = resultOf(helper);
  const call = inlined ?? externCall(state, helper, resultType);
  if (resultType === 'void') {
    writer.emit(call);
    registers.clobberArguments();
    registers.set(0, ZERO);
    return;
  }
  const text = writer.define(call);
  registers.clobberArguments();
  registers.set(0, resultType === 'i64' ? integer(text) : pointer(text));
}

/** How a helper returns. */
function resultOf(helper: Helper): 'void' | 'i64' | 'i8*' {
  if (helper.result === 'VOID') return 'void';
  return helper.result === 'INTEGER' ? 'i64' : 'i8*';
}

function externCall(state: FunctionState, helper: Helper, result: string): string {
  const name = `@bpf_${helper.name}`;
  const types = helper.arguments.map((kind) => (NUMBERS.has(kind) ? 'i64' : 'i8*'));
  const effects = TOUCH_NOTHING_HERE.has(helper.name) ? ' inaccessiblememonly' : '';
  state.module.declare(name, `declare ${result} ${name}(${types.join(', ')}) nounwind${effects}`);
  const values = types.map((type, index) => `${type} ${helperArgument(state, helper, index)}`);
  return `call ${resultAttributes(state, helper)}${result} ${name}(${values.join(', ')})`;
}

/** Argument `index` (0 is r1) of a helper. */
export function helperArgument(state: FunctionState, helper: Helper, index: number): string {
  const kind = helper.arguments[index]!;
  const register = index + 1;
  if (kind === 'CTX' || kind === 'CTX_OR_NULL' || state.contextType(register) !== undefined) {
    const text = contextArgument(state, register);
    return NUMBERS.has(kind) ? state.registers.toInteger(pointer(text)) : text;
  }
  return NUMBERS.has(kind) ? state.registers.integer(register) : state.registers.pointer(register);
}

/** What is known of the address that a lookup returns: values start at multiples of 8. */
function resultAttributes(state: FunctionState, helper: Helper): string {
  if (helper.result !== 'MAP_VALUE_OR_NULL') return '';
  const map = state.module.object.maps[state.facts.constantMap(state.index) ?? -1];
  if (map === undefined || map.inner !== undefined || map.valueSize === 0) return '';
  return `align 8 dereferenceable_or_null(${map.valueSize}) `;
}

/** A call of another function of the object, with a frame of its own. */
export function lowerFunctionCall(state: FunctionState, index: number): void {
  const { module, registers, writer } = state;
  const symbol = module.symbol(index);
  if (symbol === undefined) {
    throw state.failure('BPF-L042', `the function that is called here is in no program`);
  }
  const values = symbol.parameters.map(({ register, type }) =>
    type === 'i64' ? `i64 ${registers.integer(register)}` : `i8* ${registers.pointer(register)}`,
  );
  if (symbol.tailCalls) values.push('i64 0');
  const text = writer.define(`call ${symbol.result} ${symbol.name}(${values.join(', ')})`);
  registers.clobberArguments();
  registers.set(0, symbol.result === 'i64' ? integer(text) : pointer(text));
}

/** callx: a function whose address is known here, or, for embedded users, a helper by its number. */
export function lowerRegisterCall(state: FunctionState, register: number): void {
  const type = state.type(register);
  if (type?.kind === 'pointer' && type.region.kind === 'function') {
    lowerFunctionCall(state, type.region.function);
    return;
  }
  const helper = type?.kind === 'scalar' ? type.range.constantNumber : undefined;
  if (helper !== undefined && helper >= 0 && helper <= 0xffff) {
    lowerHelperCall(state, helper);
    return;
  }
  throw state.failure('BPF-L043', `which function r${register} refers to is not known here`);
}
