import type { Options, PositionalOptions } from 'yargs';
import type { Report } from './output.ts';

/** One command of the tool; each lives in a file of its own name in `commands/`. */
export interface Command<Arguments> {
  /** Name and positional arguments, in the parser's notation: `run <file> [memory]`. */
  readonly usage: string;
  readonly describe: string;
  readonly positionals: Readonly<Record<string, PositionalOptions>>;
  readonly options: Readonly<Record<string, Options>>;
  /** Command line and what it is for. */
  readonly examples?: readonly (readonly [string, string])[];
  /** Does the work; loads what is heavy only here. Failures are thrown. */
  readonly run: (args: Arguments, report: Report) => void | Promise<void>;
}

/** The word that names a command. */
export function commandName(command: Pick<Command<unknown>, 'usage'>): string {
  return command.usage.split(' ')[0]!;
}

/** Every spelling of a command's options without the dashes, the parser's own included. */
export function optionNames(command: Pick<Command<unknown>, 'options'>): readonly string[] {
  const names = Object.entries(command.options).flatMap(
    ([name, { alias, type, default: initial }]) => [
      name,
      ...(alias === undefined ? [] : [alias].flat()),
      ...(type === 'boolean' && initial === true ? [`no-${name}`] : []),
    ],
  );
  return [...names, 'help', 'h', 'version'];
}
