import { closest } from '../base/index.ts';
import { type Failure, quote } from '../diag/index.ts';
import { SPELLINGS } from './arguments.ts';
import { type Command, commandName, optionNames } from './command.ts';
import { usage } from './options.ts';

type Known = Pick<Command<unknown>, 'usage' | 'options'>;

/**
 * What the parser complains of, as a diagnostic in our words: the nearest option, command or choice
 * where a word is unknown, what is missing where something is.
 */
export function mistake(
  message: string,
  words: readonly string[],
  commands: readonly Known[],
): Failure {
  const name = words.find((word) => commands.some((command) => commandName(command) === word));
  const command = commands.find((candidate) => commandName(candidate) === name);
  // An unknown option takes the next word for its value: what then seems missing is not the point.
  const bad = words.find((word) => isUnknownOption(word, command, commands));
  if (bad !== undefined) return unknownWord([bad], words, command, commands);
  const asked = command === undefined ? 'bpftime-aot' : `bpftime-aot ${commandName(command)}`;
  const help = `${asked} --help shows how it is used`;
  const unknown = /^Unknown (?:arguments?|commands?): (.*)$/s.exec(message);
  if (unknown !== null) return unknownWord(unknown[1]!.split(', '), words, command, commands);
  const choice = /Argument: (.*?), Given: (.*?), Choices: (.*)/s.exec(message);
  if (choice !== null) return unknownChoice(choice[1]!, choice[2]!, choice[3]!.split('\n')[0]!);
  const empty = /^Not enough arguments following: (.*)$/s.exec(message);
  if (empty !== null) return usage(`${dashes(empty[1]!)} needs a value`, help);
  if (/^Not enough non-option arguments/.test(message) && command !== undefined) {
    const wanted = command.usage.split(' ').filter((word) => word.startsWith('<'));
    return usage(`${commandName(command)} needs ${wanted.join(' ')}`, help);
  }
  return usage(message.charAt(0).toLowerCase() + message.slice(1), help);
}

function known(command: Known | undefined, commands: readonly Known[]): readonly string[] {
  return command === undefined ? commands.flatMap(optionNames) : optionNames(command);
}

function isUnknownOption(
  word: string,
  command: Known | undefined,
  commands: readonly Known[],
): boolean {
  const option = /^--?([^=]+)/.exec(word)?.[1];
  return option !== undefined && option !== '-' && !known(command, commands).includes(option);
}

function unknownWord(
  names: readonly string[],
  words: readonly string[],
  command: Known | undefined,
  commands: readonly Known[],
): Failure {
  const typed = names.map(
    (name) => words.find((word) => word.replace(/^-+/, '').split('=')[0] === name) ?? name,
  );
  const first = typed[0]!.split('=')[0]!;
  if (!first.startsWith('-')) {
    // Only the first bare word names a command; what else is too much belongs to one.
    if (command !== undefined) {
      return usage(
        `${commandName(command)} takes no argument ${quote(first)}`,
        `its usage is: bpftime-aot ${command.usage} [options]`,
      );
    }
    const near = closest(first, commands.map(commandName));
    return usage(
      `unknown command ${quote(first)}`,
      near === undefined
        ? `commands are ${commands.map(commandName).join(', ')}`
        : `did you mean '${near}'?`,
    );
  }
  const long = closest(first.replace(/^-+/, ''), known(command, commands));
  const near = closest(first, SPELLINGS) ?? (long === undefined ? undefined : dashes(long));
  return usage(
    `unknown option ${quote(first)}`,
    near === undefined
      ? `${command === undefined ? 'bpftime-aot' : `bpftime-aot ${commandName(command)}`} --help lists the options`
      : `did you mean '${near}'?`,
  );
}

function unknownChoice(option: string, given: string, choices: string): Failure {
  const offered = choices.split(', ').map((choice) => choice.replace(/^"|"$/g, ''));
  const wrong = given
    .split(', ')
    .map((value) => value.replace(/^"|"$/g, ''))
    .find((value) => !offered.includes(value));
  const near = closest(wrong ?? '', offered);
  return usage(
    `${dashes(option)}: unknown value ${quote(wrong ?? given)}`,
    `${near === undefined ? '' : `did you mean '${near}'? `}it is one of ${offered.join(', ')}`,
  );
}

function dashes(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
