import { encode, type Instruction, type Operand } from '../../src/isa/index.ts';

/** A place that branches lead to, bound to the instruction that is emitted next after `place`. */
export interface Label {
  index?: number;
}

type WithoutSlot<Kind> = Kind extends Instruction ? Omit<Kind, 'slot' | 'target'> : never;

/** An instruction yet without its slot; branches and calls take a label beside it. */
export type Draft = WithoutSlot<Instruction>;

/** Writes instructions in order, with labels instead of targets. */
export class Builder {
  readonly #drafts: { readonly draft: Draft; readonly label: Label | undefined }[] = [];

  emit(draft: Draft, label?: Label): void {
    this.#drafts.push({ draft, label });
  }

  place(label: Label): void {
    label.index = this.#drafts.length;
  }

  finish(): { instructions: Instruction[]; code: Uint8Array } {
    let slot = 0;
    const instructions = this.#drafts.map(({ draft, label }) => {
      const instruction = { ...draft, slot, ...(label && { target: label.index! }) } as Instruction;
      slot += draft.kind === 'constant' ? 2 : 1;
      return instruction;
    });
    return { instructions, code: encode(instructions) };
  }

  /** destination = value, of 64 bits. */
  constant(destination: number, value: bigint): void {
    const low = Number(BigInt.asIntN(32, value));
    const high = Number(BigInt.asIntN(32, value >> 32n));
    this.emit({ kind: 'constant', destination, pseudo: 0, low, high });
  }

  alu(
    operator: Extract<Instruction, { kind: 'alu' }>['operator'],
    destination: number,
    source: Operand,
    width: 32 | 64 = 64,
  ): void {
    this.emit({ kind: 'alu', operator, width, destination, source });
  }
}

export function register(number: number): Operand {
  return { kind: 'register', register: number };
}

export function immediate(value: number): Operand {
  return { kind: 'immediate', value };
}
