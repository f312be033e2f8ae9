import type { ContextField, ContextLayout } from '../types.ts';

/** Why an access to the context is not allowed. */
export interface ContextRefusal {
  readonly why:
    | 'outside' // no byte, or not every byte, is in the context or in one field of it
    | 'missing' // a field that only the kernel can fill in
    | 'read_only'
    | 'size' // parts of this field, or more than it, cannot be accessed
    | 'misaligned'
    | 'sign_extended'; // a pointer cannot be loaded with sign extension
  /** In words, as a sentence of a diagnostic. */
  readonly message: string;
  readonly help?: string;
}

/** The field that holds all of the bytes [offset, offset + size), if one does. */
export function fieldAt(
  layout: ContextLayout,
  offset: number,
  size: number,
): ContextField | undefined {
  return layout.fields.find(
    (field) => offset >= field.offset && offset + size <= field.offset + field.size,
  );
}

/**
 * Whether a program may load (or store) `size` bytes at a constant offset of its context: the kernel's rules
 * for the type, but only what is there outside the kernel. What the load yields is in `fieldAt`.
 */
export function contextAccess(
  layout: ContextLayout,
  offset: number,
  size: number,
  write: boolean,
  signed = false,
): 'allowed' | ContextRefusal {
  if (layout.access === 'memory') return memoryAccess(layout, offset, size, write);
  const bytes = `${size} byte${size === 1 ? '' : 's'} at offset ${offset} of ${layout.name}`;
  const field = fieldAt(layout, offset, size) ?? fieldAt(layout, offset, 1);
  if (field === undefined) {
    const lost = layout.missing?.find(
      (one) => offset >= one.offset && offset < one.offset + one.size,
    );
    return lost === undefined
      ? { why: 'outside', message: `${bytes} are no field` }
      : {
          why: 'missing',
          message: `${lost.name} of ${layout.name} is not known outside the kernel`,
        };
  }
  const what = `field ${field.name} of ${layout.name}`;
  if (write && !field.writable) return { why: 'read_only', message: `${what} is read-only` };
  if (signed && field.yields !== 'scalar') {
    return {
      why: 'sign_extended',
      message: `${what} is a pointer: load it without sign extension`,
    };
  }
  const sizes = (write ? field.stores : field.loads) ?? [field.size];
  if (!sizes.some((one) => one === size) || offset + size > field.offset + field.size) {
    const verb = write ? 'written' : 'read';
    return {
      why: 'size',
      message: `${what} cannot be ${verb} ${size} byte${size === 1 ? '' : 's'} at a time`,
      help: `it is ${field.size} bytes at offset ${field.offset}; it can be ${verb} by ${sizes.join(', ')}`,
    };
  }
  return offset % size === 0 ? 'allowed' : misaligned(layout, offset, size);
}

function memoryAccess(
  layout: ContextLayout,
  offset: number,
  size: number,
  write: boolean,
): 'allowed' | ContextRefusal {
  const { name, areasHelp } = layout;
  if (write) return { why: 'read_only', message: `${name} is read-only` };
  const area = layout.areas.find(({ start, end }) => offset >= start && offset + size <= end);
  if (area === undefined) {
    const end = layout.size ?? layout.areas.at(-1)?.end ?? 0;
    return {
      why: 'outside',
      message: `${size} byte${size === 1 ? '' : 's'} at offset ${offset} ${size === 1 ? 'is' : 'are'} not in what a program can read of ${name} (${end} bytes)`,
      ...(areasHelp !== undefined && { help: areasHelp }),
    };
  }
  if (!area.loads.some((one) => one === size)) {
    return {
      why: 'size',
      message: `this part of ${name} can only be read ${area.loads.join(', ')} bytes at a time, not ${size}`,
    };
  }
  return offset % size === 0 ? 'allowed' : misaligned(layout, offset, size);
}

function misaligned(layout: ContextLayout, offset: number, size: number): ContextRefusal {
  return {
    why: 'misaligned',
    message: `offset ${offset} of ${layout.name} is no multiple of the ${size} bytes accessed there`,
  };
}
