import type { Diagnostic } from './types.ts';

/** Receives the warnings and notes of the stages; errors that end a stage are thrown as `Failure`. */
export interface Sink {
  add(diagnostic: Diagnostic): void;
}

/** A sink that keeps what it is given, in order. */
export class CollectingSink implements Sink {
  readonly diagnostics: Diagnostic[] = [];

  add(diagnostic: Diagnostic): void {
    this.diagnostics.push(diagnostic);
  }
}
