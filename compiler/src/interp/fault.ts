/** What a program did that it must not do, as a word that programs can compare. */
export type FaultCode =
  /** Bytes outside the object that the address belongs to, or outside every object. */
  | 'outside_object'
  /** Address 0 or one close to it. */
  | 'null_pointer'
  /** An object that has ended: a returned frame, a released record, a packet that has moved. */
  | 'ended_object'
  | 'read_only'
  /** A part of the context's field, where only the whole may be touched. */
  | 'context_field'
  | 'uninitialised_register'
  | 'uninitialised_stack'
  | 'misaligned'
  /** Records, dynptrs that are still held when the program ends or calls what must not see them. */
  | 'reference_held'
  /** Release of what is not held. */
  | 'bad_release'
  | 'lock'
  | 'callback_result'
  /** Call of what is no function and no helper. */
  | 'bad_call'
  | 'helper_argument'
  | 'dynptr'
  /** An operation that this type of map does not have. */
  | 'map_operation'
  | 'call_depth'
  | 'past_the_end'
  | 'budget'
  /** Code that was declared to be unreachable. */
  | 'poison'
  /** What the interpreter lacks; says nothing about the program. */
  | 'not_interpreted';

/** Something a program must not do; the machine adds where it did it. */
export class Fault extends Error {
  readonly code: FaultCode;
  function?: string;
  functionIndex?: number;
  instruction?: number;

  constructor(code: FaultCode, message: string) {
    super(message);
    this.name = 'Fault';
    this.code = code;
  }
}
