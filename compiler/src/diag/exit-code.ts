import type { FailureKind } from './types.ts';

const EXIT_CODES: Record<FailureKind, number> = { input: 1, usage: 2, tool: 3, internal: 70 };

/** The exit code of a process that ends with a failure of this kind. */
export function exitCode(kind: FailureKind): number {
  return EXIT_CODES[kind];
}
