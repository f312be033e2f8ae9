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
  builder: (parser) =>
    parser
      .positional('files', {
        type: 'string',
        array: true,
        describe: 'BPF objects (clang -target bpf -g -O2 -c)',
      })
      .options({
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
      })
      .example('$0 build prog.o --target riscv64 -o prog.riscv64.o', 'an object for RISC-V')
      .example('$0 build prog.o --target arm64 -S -o -', 'read the assembly')
      .example('$0 build prog.o -o prog.h', 'C types and handles of maps and programs'),
  run: async (args, report) => {
    if (args.output !== undefined && args.output !== '-' && args.files.length > 1) {
      throw usage(
        '-o names one file, but there are several inputs',
        'leave -o out: each input gets its own output',
      );
    }
    const target = chosenTarget(args.target);
    const options = codeOptions(args, target);
    const driver = await import('../../driver/index.ts');
    const times: { file: string; stages: readonly StageTime[] }[] = [];
    const outputs = args.files.map((input) => {
      const observer = new driver.RecordingObserver((args.dumpAfter ?? []) as Stage[]);
      const result = driver.build(
        {
          input,
          ...(args.output !== undefined && { output: args.output }),
          ...(args.emit !== undefined && { emit: args.emit as EmitKind }),
          ...((args.writeDependencies || args.dependencyFile !== undefined) && {
            dependencies: args.dependencyFile ?? (true as const),
          }),
          saveTemps: args.saveTemps,
        },
        options,
        report.sink,
        observer,
      );
      for (const dump of observer.dumps) print(`; after ${dump.stage}\n${dump.text}`);
      times.push({ file: input, stages: observer.times });
      return result;
    });
    const rows = times.flatMap(({ file, stages }) =>
      stages.map(({ stage, milliseconds }) => [file, stage, `${milliseconds.toFixed(2)} ms`]),
    );
    const result = { outputs, ...(args.timeStages && { stages: times }) };
    // The table goes to standard error: the output itself may go to standard output.
    if (args.timeStages && !args.json) print(table(rows), 2);
    report.finish(result, '');
  },
};
