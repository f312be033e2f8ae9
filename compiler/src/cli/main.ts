import yargs, { type Argv } from 'yargs';
import { normalise } from './arguments.ts';
import type { Command } from './command.ts';
import { build } from './commands/build.ts';
import { disasm } from './commands/disasm.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { inspect } from './commands/inspect.ts';
import { run } from './commands/run.ts';
import { targets } from './commands/targets.ts';
import { verify } from './commands/verify.ts';
import { mistake } from './mistakes.ts';
import { usage } from './options.ts';
import { print, Report } from './output.ts';

const COMMANDS = [
  ...[build, verify, run, inspect, disasm, explain, targets, doctor],
] as unknown as Command<unknown>[];

const EPILOGUE = `Exit codes: 0 done, 1 the input was diagnosed, 2 wrong usage, 3 a tool or a right is missing, 70 a bug of ours.`;

/** Runs the command line and returns the exit code of the process. */
export async function main(words: readonly string[], version: () => string): Promise<number> {
  // Before parsing is done only the raw words tell how errors are wanted.
  let report = new Report(words.includes('--json'));
  try {
    const normal = normalise(words);
    if (normal.length === 0) throw usage('name a command', 'bpftime-aot --help lists the commands');
    let chosen: (() => void | Promise<void>) | undefined;
    let text = '';
    let failure: unknown;
    let parser: Argv = yargs()
      .scriptName('bpftime-aot')
      .usage(
        '$0 <command> [options]\n\nCompiles BPF objects to native code for x86-64, arm64 and riscv64.',
      )
      // `-mcpu` is one word, not four letters.
      .parserConfiguration({ 'short-option-groups': false })
      .strict()
      .demandCommand(1, 'name a command')
      .exitProcess(false)
      .version(version())
      .help()
      .alias('help', 'h')
      .epilogue(EPILOGUE)
      .wrap(Math.min(100, process.stdout.columns ?? 100))
      .fail((message, error) => {
        failure ??= isBug(error) ? error : mistake(message ?? error.message, normal, COMMANDS);
      });
    for (const command of COMMANDS) {
      parser = parser.command(
        command.usage,
        command.describe,
        (commandParser) => described(commandParser, command),
        (args) => {
          chosen = () => {
            report = new Report((args as { json?: boolean }).json === true);
            return command.run(single(args, command), report);
          };
        },
      );
    }
    // The parser hands over what it would print, so that it is written like all other output.
    parser.parse(normal, {}, (error, _args, output) => {
      failure ??= error ?? undefined;
      text = output;
    });
    if (failure !== undefined) throw failure;
    if (text !== '') print(`${text}\n`);
    else await chosen?.();
    return report.end();
  } catch (error) {
    return report.fail(error);
  }
}

/** Anything but the parser's own error for a wrong use of the command line. */
function isBug(error: Error | undefined): boolean {
  return error instanceof Error && error.name !== 'YError';
}

function described(parser: Argv, command: Command<unknown>): Argv {
  let result = parser;
  for (const [name, options] of Object.entries(command.positionals)) {
    result = result.positional(name, options);
  }
  result = result.options(command.options);
  for (const [line, purpose] of command.examples ?? []) result = result.example(line, purpose);
  return result;
}

/** An option given twice has the value given last, unless it is a list. */
function single(args: Readonly<Record<string, unknown>>, command: Command<unknown>): unknown {
  const lists = new Set(
    Object.entries({ ...command.positionals, ...command.options })
      .filter(([, { array }]) => array === true)
      .map(([name]) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())),
  );
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(args)) {
    result[name] = Array.isArray(value) && !lists.has(name) ? value.at(-1) : value;
  }
  return result;
}
