import yargs from 'yargs';
import { closest } from '../base/index.ts';
import { normalise } from './arguments.ts';
import type { Command } from './command.ts';
import { build } from './commands/build.ts';
import { disasm } from './commands/disasm.ts';
import { doctor } from './commands/doctor.ts';
import { inspect } from './commands/inspect.ts';
import { run } from './commands/run.ts';
import { targets } from './commands/targets.ts';
import { usage } from './options.ts';
import { print, Report } from './output.ts';

const COMMANDS = [build, run, inspect, disasm, targets, doctor] as unknown as Command<unknown>[];

const EPILOGUE = `Exit codes: 0 done, 1 the input was diagnosed, 2 wrong usage, 3 a tool is missing, 70 a bug of ours.`;

/** Runs the command line and returns the exit code of the process. */
export async function main(words: readonly string[], version: string): Promise<number> {
  // Before parsing is done only the raw words tell how errors are wanted.
  let report = new Report(words.includes('--json'));
  try {
    let parser = yargs(normalise(words))
      .scriptName('bpftime-aot')
      .usage(
        '$0 <command> [options]\n\nCompiles BPF objects to native code for x86-64, arm64 and riscv64.',
      )
      .parserConfiguration({ 'populate--': true, 'duplicate-arguments-array': false })
      .strict()
      .demandCommand(1, 'name a command')
      .exitProcess(false)
      .version(version)
      .help()
      .alias('help', 'h')
      .epilogue(EPILOGUE)
      .wrap(Math.min(100, process.stdout.columns ?? 100))
      .fail((message, error) => {
        throw error ?? unknownWord(message, words);
      });
    for (const command of COMMANDS) {
      parser = parser.command(
        command.usage,
        command.describe,
        (commandParser) => command.builder(commandParser),
        async (args) => {
          report = new Report((args as { json?: boolean }).json === true);
          await command.run(args, report);
        },
      );
    }
    await parser.parseAsync();
    return 0;
  } catch (error) {
    return report.fail(error);
  }
}

/** The parser's complaint as a diagnostic, with the nearest known word. */
function unknownWord(message: string, words: readonly string[]): Error {
  const unknown = /^Unknown (?:arguments?|commands?): (.*)$/.exec(message);
  if (unknown === null)
    return usage(lowerFirst(message), 'bpftime-aot --help lists commands and options');
  const names = unknown[1]!.split(', ');
  const typed = names.map(
    (name) => words.find((word) => word.replace(/^-+/, '').split('=')[0] === name) ?? name,
  );
  const known = typed[0]!.startsWith('-')
    ? OPTION_NAMES
    : COMMANDS.map((command) => command.usage.split(' ')[0]!);
  const near = closest(names[0]!, known);
  const what = typed[0]!.startsWith('-') ? 'option' : 'command or argument';
  return usage(
    `unknown ${what}: ${[...new Set(typed)].join(', ')}`,
    near === undefined
      ? 'bpftime-aot --help lists commands and options'
      : `did you mean ${typed[0]!.startsWith('-') ? '--' : ''}${near}?`,
  );
}

const OPTION_NAMES = [
  'target',
  'output',
  'emit',
  'optimize',
  'debug',
  'mcpu',
  'mattr',
  'program',
  'btf',
  'kernel-config',
  'kernel-version',
  'pt-regs',
  'helpers',
  'vector',
  'verify',
  'no-verify',
  'json',
  'verbose',
  'help',
  'version',
  'save-temps',
  'dump-after',
  'time-stages',
  'write-dependencies',
  'dependency-file',
  'repeat',
  'timeout',
  'memory-file',
];

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

export { print };
