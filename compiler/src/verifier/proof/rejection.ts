/** How a check that fails leaves the walk. */
import type { RejectionDetails } from './path.ts';

/** Thrown by the walk when a path is not safe; `prove` makes a diagnostic of it. */
export class Rejection extends Error {
  readonly code: string;
  readonly details: RejectionDetails;

  constructor(code: string, message: string, details: RejectionDetails) {
    super(message);
    this.name = 'Rejection';
    this.code = code;
    this.details = details;
  }
}
