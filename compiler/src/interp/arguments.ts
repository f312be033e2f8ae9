import { type ArgumentKind, findHelper, type Helper } from '../verifier/index.ts';
import type { HelperCall } from './call.ts';
import { Fault } from './fault.ts';
import { mapType } from './maps.ts';
import type { Region } from './memory.ts';

/** Sizes from here on are more than any helper takes. */
const SIZE_LIMIT = 1n << 29n;
const TRACE_PRINTK = 6;
const MAP_PEEK = 89;
const DYNPTR_SIZE = 16;

/** Bytes that a helper writes, which then hold values whether it wrote all of them or not. */
interface Filled {
  readonly address: bigint;
  readonly size: number;
}

/**
 * A call of a helper in a strict run, held against the helper's signature: every argument must be what
 * the signature says, also where the helper would not look at it this time.
 */
export class StrictCall {
  readonly #call: HelperCall;
  readonly #signature: Helper;
  readonly #filled: Filled[] = [];

  constructor(call: HelperCall, number: number) {
    const signature = findHelper(number);
    if (signature === undefined) throw new Fault('bad_call', `there is no helper ${number}`);
    this.#call = call;
    this.#signature = signature;
    signature.arguments.forEach((kind, index) => {
      this.#check(kind, index + 1);
    });
  }

  /** After the call: what it wrote is initialised, and a helper without result leaves none. */
  finish(result: bigint): bigint | undefined {
    for (const { address, size } of this.#filled) {
      this.#call.host.space.markWritten(address, size, true);
    }
    return this.#signature.result === 'VOID' ? undefined : result;
  }

  #refuse(argument: number, what: string): never {
    const { name } = this.#signature;
    throw new Fault('helper_argument', `argument ${argument} of ${name} ${what}`);
  }

  #check(kind: ArgumentKind, argument: number): void {
    const call = this.#call;
    // The values of a text may be left out: the kernel's list says nothing of them.
    if (kind === 'ANYTHING' && this.#signature.number === TRACE_PRINTK) return;
    const address = call.value(argument);
    switch (kind) {
      case 'CTX':
        if (address !== call.host.context) this.#refuse(argument, 'is not the context');
        return;
      case 'CTX_OR_NULL':
        if (address !== 0n) this.#check('CTX', argument);
        return;
      case 'CONST_MAP_PTR':
        call.map(argument);
        return;
      case 'MAP_KEY':
        this.#read(address, this.#map().definition.keySize);
        return;
      case 'MAP_VALUE_OR_NULL':
        if (address !== 0n) this.#check('MAP_VALUE', argument);
        return;
      case 'MAP_VALUE':
        this.#read(address, this.#map().definition.valueSize);
        return;
      case 'UNINIT_MAP_VALUE':
        this.#checkValueToFill(address);
        return;
      case 'MEM_RDONLY':
      case 'MEM_RDONLY_OR_NULL':
      case 'MEM_UNINIT':
      case 'MEM_UNINIT_OR_NULL':
      case 'MEM':
      case 'MEM_OR_NULL':
        this.#checkMemory(kind, address, argument);
        return;
      case 'MEM_RDONLY_20':
        this.#read(address, 20);
        return;
      case 'MEM_RDONLY_40':
        this.#read(address, 40);
        return;
      case 'SIZE':
      case 'SIZE_OR_ZERO':
        if (address >= SIZE_LIMIT) this.#refuse(argument, 'is no size');
        if (address === 0n && kind === 'SIZE') this.#refuse(argument, 'is a size of zero');
        return;
      case 'INT_PTR':
        this.#checkNumber(address, 4, argument);
        return;
      case 'LONG_PTR':
        this.#checkNumber(address, 8, argument);
        return;
      case 'CONST_STR':
        this.#checkText(address, argument);
        return;
      case 'FUNC':
        if (!call.host.isFunction(address)) this.#refuse(argument, 'is no function');
        return;
      case 'STACK_OR_NULL':
        if (address !== 0n && this.#region(address, argument).written === undefined) {
          this.#refuse(argument, 'is no address of the stack');
        }
        return;
      case 'SPIN_LOCK':
        this.#read(address, 4);
        return;
      case 'DYNPTR':
      case 'DYNPTR_RDONLY':
      case 'DYNPTR_RELEASE':
        call.host.dynptrs.use(address);
        return;
      case 'DYNPTR_UNINIT':
        if (this.#region(address, argument).written === undefined) {
          this.#refuse(argument, 'is no address of the stack');
        }
        call.host.space.checkWritable(address, DYNPTR_SIZE);
        return;
      case 'ANYTHING':
      case 'ALLOC_MEM':
      case 'CONST_ALLOC_SIZE':
        // Their helpers look at these themselves.
        return;
      default:
        throw new Fault('not_interpreted', `arguments of kind ${kind} are not interpreted`);
    }
  }

  /** The map of the call, which stands before everything that depends on it. */
  #map() {
    return this.#call.map(this.#signature.arguments.indexOf('CONST_MAP_PTR') + 1);
  }

  #read(address: bigint, size: number): void {
    this.#call.host.space.read(address, size);
  }

  #region(address: bigint, argument: number): Region {
    const region = this.#call.host.space.near(address);
    if (region?.live) return region;
    return this.#refuse(argument, 'is no address of living memory');
  }

  /** A Bloom filter is asked about a value where other maps fill one in. */
  #checkValueToFill(address: bigint): void {
    const { definition } = this.#map();
    if (this.#signature.number === MAP_PEEK && definition.type === mapType.bloomFilter) {
      this.#read(address, definition.valueSize);
      return;
    }
    this.#fill(address, definition.valueSize);
  }

  #fill(address: bigint, size: number): void {
    this.#call.host.space.checkWritable(address, size);
    this.#filled.push({ address, size });
  }

  #checkMemory(kind: ArgumentKind, address: bigint, argument: number): void {
    const sizeKind = this.#signature.arguments[argument]!;
    this.#check(sizeKind, argument + 1);
    const size = Number(this.#call.value(argument + 1));
    if (size === 0) return;
    if (!kind.startsWith('MEM_UNINIT')) this.#read(address, size);
    if (!kind.startsWith('MEM_RDONLY')) this.#fill(address, size);
  }

  #checkNumber(address: bigint, size: number, argument: number): void {
    if (address % BigInt(size) !== 0n) this.#refuse(argument, 'is not aligned');
    this.#fill(address, size);
  }

  #checkText(address: bigint, argument: number): void {
    const region = this.#region(address, argument);
    const text = region.bytes.subarray(Math.max(0, Number(address - region.base)));
    if (address < region.base || region.writable?.length !== 0 || !text.includes(0)) {
      this.#refuse(argument, 'is no text that never changes');
    }
  }
}
