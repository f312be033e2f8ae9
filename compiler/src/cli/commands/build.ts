import type { EmitKind, Stage, StageTime } from '../../driver/index.ts';
import type { Command } from '../command.ts';
import {
  type CompileArguments,
  chosenTarget,
  codeOptions,
  compileOptions,
  usage,
} from '../options.ts';
import { print, table } from '../output.ts';

interface Arguments extends CompileArguments {
  readonly files: readonly string[];
  readonly output?: string;
  readonly emit?: string;
  readonly writeDependencies: boolean;
  readonly dependencyFile?: string;
  readonly saveTemps: boolean;
  readonly dumpAfter?: readonly string[];
  readonly timeStages: boolean;
}

const EMITS = ['obj', 'asm', 'llvm-ir', 'bitcode', 'header', 'disasm'];
const DUMPS = ['elf', 'object', 'verifier', 'lower', 'codegen'];

export const build: Command<Arguments> = {
  usage: 'build <files..>',
  describe: 'Compile BPF objects to native code',
  positionals: {
    files: {
      type: 'string',
      array: true,
      describe: 'BPF objects (clang -target bpf -g -O2 -c)',
    },
  },
  options: {
    output: {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe:
        'File to write; its suffix (.o .s .ll .bc .h .disasm) chooses the form; - is standard output',
    },
    emit: {
      type: 'string',
      requiresArg: true,
      choices: EMITS,
      describe: 'Form to write (default obj); also -c, -S',
    },
    'write-dependencies': {
      type: 'boolean',
      default: false,
      describe: 'Write a make rule beside the output; also -MD',
    },
    'dependency-file': {
      type: 'string',
      requiresArg: true,
      describe: 'Write the make rule to this file; also -MF FILE',
    },
    'save-temps': {
      type: 'boolean',
      default: false,
      describe: 'Keep LLVM IR, bitcode and assembly beside the output',
    },
    'dump-after': {
      type: 'string',
      array: true,
      nargs: 1,
      requiresArg: true,
      choices: DUMPS,
      describe: 'Print what a stage made; may be repeated',
    },
    'time-stages': {
      type: 'boolean',
      default: false,
      describe: 'Print the time each stage took',
    },
    ...compileOptions,
  },
  examples: [
    ['$0 build prog.o --target riscv64 -o prog.riscv64.o', 'an object for RISC-V'],
    ['$0 build prog.o --target arm64 -S -o -', 'read the assembly'],
    ['$0 build prog.o -o prog.h', 'C types and handles of maps and programs'],
  ],
  run: async (args, report) => {
    if (args.files.length === 0) throw usage('there is no file to build', 'name a BPF object');
    checkStreams(args);
    const target = chosenTarget(args.target);
    const options = codeOptions(args, target);
    const driver = await import('../../driver/index.ts');
    const requests = args.files.map((input) => ({
      input,
      ...(args.output !== undefined && { output: args.output }),
      ...(args.emit !== undefined && { emit: args.emit as EmitKind }),
      ...((args.writeDependencies || args.dependencyFile !== undefined) && {
        dependencies: args.dependencyFile ?? (true as const),
      }),
      saveTemps: args.saveTemps,
    }));
    const inputOf = new Map<string, string>();
    for (const request of requests) {
      const { output } = driver.destination(request, target.name);
      const other = inputOf.get(output);
      if (other !== undefined) {
        throw usage(
          `${other} and ${request.input} would both be written to ${output}`,
          'build them one by one, each with its own -o',
        );
      }
      inputOf.set(output, request.input);
    }
    if (args.verbose) {
      print(`# nothing is run: LLVM ${driver.llvmVersion()} is part of this process\n`, 2);
    }
    const times: { file: string; stages: readonly StageTime[] }[] = [];
    const dumps: { file: string; stage: string; text: string }[] = [];
    const outputs = requests.map((request) => {
      const observer = new driver.RecordingObserver((args.dumpAfter ?? []) as Stage[]);
      try {
        return driver.build(request, options, report.sink, observer);
      } finally {
        // What the stages made is wanted most when a later one failed.
        for (const dump of observer.dumps) {
          dumps.push({ file: request.input, ...dump });
          if (!args.json) print(`; after ${dump.stage}\n${dump.text}`);
        }
        times.push({ file: request.input, stages: observer.times });
      }
    });
    const rows = times.flatMap(({ file, stages }) =>
      stages.map(({ stage, milliseconds }) => [file, stage, `${milliseconds.toFixed(2)} ms`]),
    );
    // The table goes to standard error: the output itself may go to standard output.
    if (args.timeStages && !args.json) print(table(rows), 2);
    report.finish(
      {
        outputs,
        ...(args.timeStages && { stages: times }),
        ...(args.dumpAfter !== undefined && { dumps }),
      },
      '',
    );
  },
};

/** One name for several outputs, or one stream for two things, cannot be meant. */
function checkStreams(args: Arguments): void {
  const several = args.files.length > 1;
  if (args.output !== undefined && several) {
    throw usage(
      '-o names one file, but there are several inputs',
      'leave -o out: each input gets its own output',
    );
  }
  if (args.dependencyFile !== undefined && several) {
    throw usage(
      '-MF names one file, but there are several inputs',
      'use -MD: each input gets its own rule',
    );
  }
  if (args.output === '-' && args.json) {
    throw usage('-o - and --json both write standard output', 'name a file with -o');
  }
  if (args.output === '') throw usage('-o names no file');
}
