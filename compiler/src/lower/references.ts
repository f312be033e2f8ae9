import type { BpfInstruction } from '../object/index.ts';
import { MAP_TYPE } from './descriptor.ts';
import { integer, pointer } from './registers.ts';
import type { FunctionState } from './state.ts';
import { constant64 } from './text.ts';

/** 64-bit constants: numbers, maps, places in data sections, functions. */
export function lowerReference(
  state: FunctionState,
  { destination, reference }: Extract<BpfInstruction, { kind: 'reference' }>,
): void {
  const { registers, module, writer } = state;
  switch (reference.kind) {
    case 'value':
      registers.set(destination, integer(constant64(reference.value)));
      return;
    case 'map':
      registers.set(destination, pointer(mapAddress(state, reference.map)));
      return;
    case 'data': {
      const type = `[${Math.max(1, module.object.data[reference.section]?.size ?? 0)} x i8]`;
      const symbol = module.dataSymbol(reference.section);
      registers.set(
        destination,
        pointer(`getelementptr (${type}, ${type}* ${symbol}, i64 0, i64 ${reference.offset})`),
      );
      return;
    }
    case 'map_value': {
      const symbol = module.mapSymbol(reference.map);
      const field = `getelementptr inbounds (${MAP_TYPE}, ${MAP_TYPE}* ${symbol}, i32 0, i32 0)`;
      const memory = writer.define(`load i8*, i8** ${field}, align 8`);
      registers.set(
        destination,
        pointer(writer.define(`getelementptr i8, i8* ${memory}, i64 ${reference.offset}`)),
      );
      return;
    }
    case 'function': {
      const code = module.object.functions[reference.function]!;
      const type = 'i64 (i64, i64, i64, i64, i64)*';
      registers.set(destination, pointer(`bitcast (${type} ${module.callback(code)} to i8*)`));
    }
  }
}

/** The address of a map's descriptor as an i8*. */
export function mapAddress(state: FunctionState, map: number): string {
  return `bitcast (${MAP_TYPE}* ${state.module.mapSymbol(map)} to i8*)`;
}
