import { diagnosticRecord } from '../../diag/index.ts';
import type { ProgramVerdict, Verifier } from '../../driver/index.ts';
import type { Command } from '../command.ts';
import { compileOptions, usage } from '../options.ts';
import { print, table } from '../output.ts';

interface Arguments {
  readonly file: string;
  readonly program?: readonly string[];
  readonly kernel: boolean;
  readonly both: boolean;
  readonly logLevel: string;
  readonly btf?: string;
  readonly kernelConfig?: string;
  readonly kernelVersion?: string;
  readonly json: boolean;
}

export const verify: Command<Arguments> = {
  usage: 'verify <file>',
  describe: 'Prove that the programs of a BPF object are safe, or say why they are not',
  positionals: { file: { type: 'string', describe: 'BPF object (clang -target bpf -g -O2 -c)' } },
  options: {
    program: {
      ...compileOptions.program,
      describe: 'Only this program and what it calls; may be repeated',
    },
    'log-level': {
      type: 'string',
      requiresArg: true,
      choices: ['0', '1', '2'],
      default: '0',
      describe:
        "1 prints the state at branches and calls, 2 at every instruction, in the kernel's notation",
    },
    kernel: {
      type: 'boolean',
      default: false,
      describe: "Ask the running kernel's verifier instead; takes root, or CAP_BPF and CAP_PERFMON",
    },
    both: {
      type: 'boolean',
      default: false,
      describe: 'Ask both and say where they differ; with --log-level 2 the logs side by side',
    },
    btf: compileOptions.btf,
    'kernel-config': compileOptions['kernel-config'],
    'kernel-version': compileOptions['kernel-version'],
    json: compileOptions.json,
  },
  examples: [
    ['$0 verify prog.o', 'a verdict for each program; exit code 1 when one is rejected'],
    ['$0 verify prog.o --program count --log-level 2', 'what is known at each instruction'],
    ['$0 verify prog.o --both', "our verdict beside the kernel's"],
  ],
  run: async (args, report) => {
    if (args.kernel && args.both) {
      throw usage('--kernel and --both exclude each other', '--both asks the kernel as well');
    }
    const by: Verifier = args.kernel ? 'kernel' : args.both ? 'both' : 'own';
    const driver = await import('../../driver/index.ts');
    const object = driver.load(
      driver.readInput(args.file),
      args.file,
      {
        programs: args.program ?? [],
        ...(args.btf !== undefined && { btf: args.btf }),
        ...(args.kernelConfig !== undefined && { kernelConfig: args.kernelConfig }),
        ...(args.kernelVersion !== undefined && { kernelVersion: args.kernelVersion }),
      },
      report.sink,
    );
    const log = args.json ? new LogKeeper() : new LogPrinter();
    const verdicts = driver.verifyPrograms(
      object,
      {
        by,
        logLevel: Number(args.logLevel) as 0 | 1 | 2,
        log: (program, line) => log.add(program, line),
      },
      report.sink,
    );
    log.end();
    if (verdicts.some(isRejected)) report.exitCode = 1;
    report.finish(
      { file: args.file, programs: verdicts.map((verdict) => record(verdict, log)) },
      table(verdicts.map(row)),
    );
  },
};

function isRejected({ own, kernel }: ProgramVerdict): boolean {
  return own?.verdict === 'rejected' || kernel?.verdict === 'rejected';
}

/** Bytes of log that are gathered for one write. */
const CHUNK = 1 << 16;

interface Log {
  add(program: string, line: string): void;
  end(): void;
  /** Lines kept of a program. */
  of(program: string): readonly string[] | undefined;
}

/** Prints lines as they come, each program's below its name. */
class LogPrinter implements Log {
  #text = '';
  #program: string | undefined;

  add(program: string, line: string): void {
    if (program !== this.#program) {
      this.#text += `${this.#program === undefined ? '' : '\n'}program ${program}\n`;
      this.#program = program;
    }
    this.#text += `${line}\n`;
    if (this.#text.length >= CHUNK) this.#flush();
  }

  end(): void {
    if (this.#program !== undefined) this.#text += '\n';
    this.#flush();
  }

  of(): undefined {
    return undefined;
  }

  #flush(): void {
    if (this.#text !== '') print(this.#text);
    this.#text = '';
  }
}

/** Keeps lines for the JSON document. */
class LogKeeper implements Log {
  readonly #lines = new Map<string, string[]>();

  add(program: string, line: string): void {
    const lines = this.#lines.get(program);
    if (lines === undefined) this.#lines.set(program, [line]);
    else lines.push(line);
  }

  end(): void {}

  of(program: string): readonly string[] | undefined {
    return this.#lines.get(program);
  }
}

/** The JSON form of a verdict; documented in compiler/docs/verify.md. */
function record(verdict: ProgramVerdict, log: Log): Record<string, unknown> {
  const { program, section, own, kernel, agree, comparison } = verdict;
  const lines = log.of(program);
  return {
    program,
    section,
    ...(own !== undefined && {
      own: {
        verdict: own.verdict,
        walked: own.walked,
        states: own.states,
        peakStates: own.peakStates,
        milliseconds: own.time,
        ...(own.rejection !== undefined && { rejection: diagnosticRecord(own.rejection) }),
      },
    }),
    ...(kernel !== undefined && {
      kernel: {
        verdict: kernel.verdict,
        ...(kernel.reason !== undefined && { reason: kernel.reason }),
        ...(kernel.errno !== undefined && { errno: kernel.errno }),
        ...(kernel.refused !== undefined && { refused: kernel.refused }),
        ...(kernel.walked !== undefined && { walked: kernel.walked }),
        ...(kernel.microseconds !== undefined && { milliseconds: kernel.microseconds / 1000 }),
        ...(kernel.verdict === 'rejected' && { log: kernel.log, truncated: kernel.truncated }),
      },
    }),
    ...(agree !== undefined && { agree }),
    ...(comparison !== undefined && {
      comparison: { common: comparison.common, parting: comparison.parting ?? null },
    }),
    ...(lines !== undefined && { log: lines }),
  };
}

const milliseconds = (time: number) => `${time.toFixed(2)} ms`;
const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

/** One line of the table. */
function row(verdict: ProgramVerdict): readonly string[] {
  const { program, own, kernel, agree, comparison } = verdict;
  const cells = [program];
  if (own !== undefined) {
    cells.push(
      own.verdict,
      count(own.walked, 'instruction'),
      count(own.states, 'state'),
      milliseconds(own.time),
    );
  }
  if (kernel !== undefined) {
    const prefix = own === undefined ? '' : 'kernel: ';
    cells.push(`${prefix}${kernel.verdict}`);
    if (kernel.verdict === 'unavailable') cells.push(kernel.reason ?? '');
    else {
      cells.push(kernel.walked === undefined ? '' : count(kernel.walked, 'instruction'));
      cells.push(kernel.microseconds === undefined ? '' : milliseconds(kernel.microseconds / 1000));
    }
  }
  if (agree !== undefined) cells.push(agree ? 'agree' : 'differ');
  if (comparison?.parting !== undefined) cells.push(partingText(comparison));
  return cells;
}

/** Where the walks part, in words. */
function partingText({ common, parting }: NonNullable<ProgramVerdict['comparison']>): string {
  const goes = (slot: number | undefined) => (slot === undefined ? 'ends' : `goes on at ${slot}`);
  return `after ${count(common, 'step')} ours ${goes(parting?.own)}, the kernel's ${goes(parting?.kernel)}`;
}
