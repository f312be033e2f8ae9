/**
 * Length of a name without its flavour: `task_struct___old` is a flavour of `task_struct`. The last
 * `___` that has another character on both sides begins the flavour.
 */
function essentialLength(name: string): number {
  for (let end = name.length; end > 0; ) {
    const separator = name.lastIndexOf('___', end);
    if (separator <= 0) return name.length;
    const before = name[separator - 1];
    const after = name[separator + 3];
    if (before !== '_' && after !== undefined && after !== '_') return separator;
    end = separator - 1;
  }
  return name.length;
}

/** A name without its `___flavour`. */
export function essentialName(name: string): string {
  const length = essentialLength(name);
  return length === name.length ? name : name.slice(0, length);
}
