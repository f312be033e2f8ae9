import type { Dynptrs } from './dynptr.ts';
import { Fault } from './fault.ts';
import type { Held } from './held.ts';
import type { InterpMap } from './maps.ts';
import type { AddressSpace } from './memory.ts';
import type { Packet } from './packet.ts';
import type { Environment } from './types.ts';

/** What helpers see of the machine that runs the program. */
export interface HelperHost {
  readonly space: AddressSpace;
  readonly environment: Environment;
  readonly trace: string[];
  /** Address of the program's context. */
  readonly context: bigint;
  readonly packet: Packet | undefined;
  readonly held: Held;
  readonly dynptrs: Dynptrs;
  /** The map whose handle lies at `address`. */
  mapAt(address: bigint): InterpMap | undefined;
  /** Whether the address is that of a function of the program. */
  isFunction(address: bigint): boolean;
  /** Calls the function of the program whose address is given. */
  callBack(address: bigint, values: readonly bigint[]): bigint;
}

/** One call of a helper: its arguments, each checked when it is used. */
export class HelperCall {
  readonly host: HelperHost;
  readonly #registers: readonly (bigint | undefined)[];

  constructor(host: HelperHost, registers: readonly (bigint | undefined)[]) {
    this.host = host;
    this.#registers = registers;
  }

  /** Argument 1 to 5. */
  value(argument: number): bigint {
    const value = this.#registers[argument];
    if (value === undefined) {
      throw new Fault('uninitialised_register', `helper argument r${argument} holds no value`);
    }
    return value;
  }

  /** An argument that the helper takes as a 32-bit unsigned number. */
  word(argument: number): number {
    return Number(BigInt.asUintN(32, this.value(argument)));
  }

  map(argument: number): InterpMap {
    const map = this.host.mapAt(this.value(argument));
    if (map === undefined) {
      throw new Fault('helper_argument', `helper argument r${argument} is no map`);
    }
    return map;
  }

  /** The map, which must be of a class. */
  mapOf<Kind extends InterpMap>(
    argument: number,
    kind: abstract new (...parameters: never[]) => Kind,
  ): Kind {
    const map = this.map(argument);
    if (!(map instanceof kind)) {
      const { name, typeName } = map.definition;
      const what = `map ${name} of type ${typeName} does not fit the helper`;
      throw new Fault('map_operation', what);
    }
    return map;
  }

  bytes(argument: number, size: number): Uint8Array {
    return this.host.space.read(this.value(argument), size);
  }

  key(argument: number, map: InterpMap): Uint8Array {
    return this.bytes(argument, map.definition.keySize);
  }

  /** The packet, which programs of some kinds have. */
  packet(): Packet {
    const { packet } = this.host;
    if (packet === undefined) throw new Fault('not_interpreted', 'the program has no packet');
    return packet;
  }
}

/** A helper: gives r0, signed. */
export type Helper = (call: HelperCall) => bigint;
