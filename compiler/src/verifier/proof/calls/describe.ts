/** Values and arguments in words, for messages about calls. */
import type { Scalar } from '../../domain/index.ts';
import type { Helper } from '../../helpers.ts';
import type { Path } from '../path.ts';
import type { PointerValue, Value } from '../value.ts';

function describePointer(path: Path, { target, nullable }: PointerValue): string {
  const what = describeTarget(path, target);
  return nullable ? `${what}, or null` : what;
}

function describeTarget(path: Path, target: PointerValue['target']): string {
  switch (target.kind) {
    case 'stack':
      return 'an address on the stack';
    case 'context':
      return 'the context';
    case 'map':
      return `the map ${target.map.name}`;
    case 'map_value':
      return `a pointer to a value of ${target.map.name}`;
    case 'map_key':
      return `a pointer to a key of ${target.map.name}`;
    case 'packet':
      return path.layout.memoryWithLength
        ? "a pointer to the program's memory"
        : 'a packet pointer';
    case 'packet_meta':
      return "a pointer to the packet's metadata";
    case 'packet_end':
      return 'the end of the packet';
    case 'data':
      return `an address in ${path.object.data[target.section]?.name ?? 'global data'}`;
    case 'memory':
      return `a pointer to ${/^[aeiou]/.test(target.name) ? 'an' : 'a'} ${target.name}`;
    case 'function':
      return `the function ${path.object.functions[target.function]?.name ?? ''}`.trimEnd();
    case 'dynptr':
      return `a dynptr (${target.name})`;
  }
}

/** What a register holds, with an article: "an address on the stack", "the number 5". */
export function describeValue(path: Path, value: Value): string {
  if (value.kind === 'uninitialised') return 'nothing';
  if (value.kind === 'pointer') return describePointer(path, value);
  const constant = value.range.constantNumber;
  return constant === undefined ? 'a number' : constant === 0 ? 'null' : `the number ${constant}`;
}

/** "5", "-1 to 7", "any number". */
export function describeRange({ signedMinimum, signedMaximum }: Scalar): string {
  if (signedMinimum === signedMaximum) return String(signedMinimum);
  const known = Number.isSafeInteger(signedMinimum) && Number.isSafeInteger(signedMaximum);
  return known ? `${signedMinimum} to ${signedMaximum}` : 'any number';
}

/** "argument 2 of bpf_map_update_elem()". */
export function argumentName(helper: Helper, register: number): string {
  return `argument ${register} of bpf_${helper.name}()`;
}
