import type { PtRegsField, PtRegsRole, Target } from './types.ts';

/** A field of the target's struct pt_regs by its role, its name or one of its aliases. */
export function ptRegsField(
  target: Target,
  roleOrName: PtRegsRole | (string & {}),
): PtRegsField | undefined {
  const { fields } = target.ptRegs;
  return (
    fields.find((field) => field.roles?.some((role) => role === roleOrName)) ??
    fields.find((field) => field.name === roleOrName) ??
    fields.find((field) => field.aliases?.includes(roleOrName))
  );
}

/** The field of struct pt_regs that holds the byte at `offset`. */
export function ptRegsFieldAt(target: Target, offset: number): PtRegsField | undefined {
  return target.ptRegs.fields.find(
    (field) => offset >= field.offset && offset < field.offset + field.size,
  );
}
