import type { Diagnostic, FailureKind } from './types.ts';

/** Thrown by a stage that cannot go on; caught once, by the command line, which renders it. */
export class Failure extends Error {
  readonly diagnostic: Diagnostic;
  readonly kind: FailureKind;

  constructor(diagnostic: Omit<Diagnostic, 'severity'>, kind: FailureKind = 'input') {
    super(diagnostic.message);
    this.name = 'Failure';
    this.diagnostic = { ...diagnostic, severity: 'error' };
    this.kind = kind;
  }
}
