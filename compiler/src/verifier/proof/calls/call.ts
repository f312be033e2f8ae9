/** What the checks of a helper's arguments find out, for its effects and its result. */
import type { BpfMap } from '../../../object/index.ts';
import type { Helper } from '../../helpers.ts';
import type { DynptrPlace, UsedDynptr } from './dynptrs.ts';

/** One call of a helper while it is checked. */
export interface Call {
  readonly helper: Helper;
  map: { readonly map: BpfMap; readonly unique: number } | undefined;
  /** The key, when it is a constant number on the stack. */
  constantKey: number | undefined;
  /** The greatest value of the size argument that was checked last. */
  largestSize: number | undefined;
  /** CONST_ALLOC_SIZE. */
  allocation: number | undefined;
  /** FUNC. */
  callback: number | undefined;
  /** What the helper releases. */
  released: number | undefined;
  /** The dynptr that it uses or releases. */
  dynptr: UsedDynptr | undefined;
  /** Where it makes one. */
  madeDynptr: DynptrPlace | undefined;
  /** A timer of a value of this map. */
  timer: { readonly map: BpfMap | undefined; readonly unique: number } | undefined;
  /** Writes to memory that happen after everything was read. */
  readonly writes: (() => void)[];
}

/** A call of which nothing is known yet. */
export function newCall(helper: Helper): Call {
  return {
    helper,
    map: undefined,
    constantKey: undefined,
    largestSize: undefined,
    allocation: undefined,
    callback: undefined,
    released: undefined,
    dynptr: undefined,
    madeDynptr: undefined,
    timer: undefined,
    writes: [],
  };
}
