import { fromBase16 } from '../../base/index.ts';
import type { Command } from '../command.ts';
import {
  type CompileArguments,
  chosenTarget,
  codeOptions,
  compileOptions,
  usage,
} from '../options.ts';
import { print } from '../output.ts';

interface Arguments extends CompileArguments {
  readonly file: string;
  readonly memory?: string;
  readonly memoryFile?: string;
  readonly repeat: number;
  readonly timeout: number;
}

export const run: Command<Arguments> = {
  usage: 'run <file> [memory]',
  describe: 'Compile a program, call it once in a child process, print r0',
  positionals: {
    file: { type: 'string', describe: 'BPF object' },
    memory: {
      type: 'string',
      describe: 'Memory, packet or context of the program, in hex; spaces allowed',
    },
  },
  options: {
    'memory-file': {
      type: 'string',
      requiresArg: true,
      describe: 'File whose bytes are the memory',
    },
    repeat: {
      type: 'number',
      requiresArg: true,
      default: 1,
      describe: 'Calls to make; memory carries over from one to the next',
    },
    timeout: {
      type: 'number',
      requiresArg: true,
      default: 60,
      describe: 'Seconds after which the child is ended',
    },
    ...compileOptions,
  },
  examples: [
    [
      "$0 run prog.o '11 22 33 44' --target arm64",
      'under qemu-user unless this is an arm64 machine',
    ],
  ],
  run: async (args, report) => {
    const target = chosenTarget(args.target);
    const options = codeOptions(args, target);
    if (!Number.isInteger(args.repeat) || args.repeat < 1 || args.repeat > 0xffffffff) {
      throw usage('--repeat takes a whole number from 1 to 4294967295');
    }
    if (!(args.timeout > 0 && args.timeout <= 86_400))
      throw usage('--timeout takes seconds, up to a day');
    const driver = await import('../../driver/index.ts');
    const memory =
      args.memoryFile === undefined
        ? parseHex(args.memory ?? '')
        : driver.readInput(args.memoryFile);
    const object = driver.load(driver.readInput(args.file), args.file, options, report.sink);
    if (object.programs.length !== 1) {
      const names = object.programs.map((program) => program.name);
      throw usage(
        names.length === 0
          ? `${args.file} has no program`
          : `${args.file} has ${names.length} programs`,
        names.length === 0
          ? undefined
          : `choose one with --program: ${names.slice(0, 20).join(', ')}`,
      );
    }
    const outcome = await driver.runObject(
      object,
      options,
      [{ program: 0, memory, repeat: args.repeat }],
      report.sink,
      {
        timeoutMs: args.timeout * 1000,
        ...(args.verbose && { verbose: (command: string) => print(`${command}\n`, 2) }),
      },
    );
    const result = outcome.results[0]!;
    if (!args.json && outcome.trace !== '') print(outcome.trace, 2);
    report.finish(
      {
        program: object.programs[0]!.name,
        target: target.name,
        r0: `0x${result.r0.toString(16)}`,
        memory: Buffer.from(result.memory).toString('hex'),
        nanosecondsPerRun: result.nanosecondsPerRun,
        trace: outcome.trace,
      },
      `0x${result.r0.toString(16)}\n`,
    );
  },
};

/** Bytes of base16 text; white space between digits is passed over. */
export function parseHex(text: string): Uint8Array {
  const bytes = fromBase16(text);
  if (bytes === undefined) {
    throw usage('the memory is not hexadecimal bytes', "two digits a byte, as in '00 ff 10'");
  }
  return bytes;
}
