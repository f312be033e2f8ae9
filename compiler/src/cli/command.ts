import type { Argv } from 'yargs';
import type { Report } from './output.ts';

/** One command of the tool; each lives in a file of its own name in `commands/`. */
export interface Command<Arguments> {
  /** Name and positional arguments, in the parser's notation: `run <file> [memory]`. */
  readonly usage: string;
  readonly describe: string;
  readonly builder: (parser: Argv) => Argv;
  /** Does the work; loads what is heavy only here. Failures are thrown. */
  readonly run: (args: Arguments, report: Report) => void | Promise<void>;
}
