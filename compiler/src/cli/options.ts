import { Failure } from '../diag/index.ts';
import type { CompileOptions } from '../driver/index.ts';
import { findTarget, hostTarget, type Target, type TargetName } from '../target/index.ts';

/** Options that every command which compiles understands; the texts are those of `--help`. */
export const compileOptions = {
  target: {
    type: 'string',
    requiresArg: true,
    describe: 'CPU to compile for: x86-64, arm64, riscv64, or a triple (default: this machine)',
  },
  optimize: {
    type: 'string',
    requiresArg: true,
    default: '2',
    describe: 'Optimisation level 0 to 3; also -O0 ... -O3',
  },
  debug: {
    type: 'boolean',
    default: true,
    describe: 'DWARF line information, when the input has BTF line info; also -g, -g0',
  },
  mcpu: {
    type: 'string',
    requiresArg: true,
    describe: 'CPU model, as LLVM names it; also -mcpu=NAME',
  },
  mattr: {
    type: 'string',
    requiresArg: true,
    describe: 'CPU features, +a,-b as LLVM names them; also -mattr=LIST',
  },
  program: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'Take only this program of the object; may be repeated',
  },
  btf: {
    type: 'string',
    requiresArg: true,
    describe:
      'Resolve CO-RE relocations against this BTF: a raw BTF file, or an ELF file with .BTF',
  },
  'kernel-config': {
    type: 'string',
    requiresArg: true,
    describe: 'Kernel configuration file that gives __kconfig variables their values',
  },
  'kernel-version': {
    type: 'string',
    requiresArg: true,
    describe: 'Kernel version (6.1.0) that LINUX_KERNEL_VERSION stands for',
  },
  'pt-regs': {
    type: 'string',
    requiresArg: true,
    default: 'auto',
    describe:
      'CPU whose struct pt_regs the bytecode reads: auto (from BTF), native (no mapping), or a target',
  },
  helpers: {
    type: 'string',
    requiresArg: true,
    choices: ['inline', 'extern'],
    default: 'inline',
    describe: 'Compile hot helpers into the program, or leave every helper an undefined symbol',
  },
  vector: {
    type: 'string',
    requiresArg: true,
    choices: ['never', 'auto'],
    default: 'auto',
    describe: 'Vector registers in packet and raw-memory programs; probes never touch them',
  },
  verify: {
    type: 'boolean',
    default: true,
    describe: 'Prove the programs safe before compiling them; --no-verify leaves that out',
  },
  json: {
    type: 'boolean',
    default: false,
    describe: 'Results and diagnostics as one JSON document',
  },
  verbose: {
    type: 'boolean',
    alias: 'v',
    default: false,
    describe: 'Show the commands that are run',
  },
} as const;

/** The parsed form of `compileOptions`. */
export interface CompileArguments {
  readonly target?: string;
  readonly optimize: string;
  readonly debug: boolean;
  readonly mcpu?: string;
  readonly mattr?: string;
  readonly program?: readonly string[];
  readonly btf?: string;
  readonly kernelConfig?: string;
  readonly kernelVersion?: string;
  readonly ptRegs: string;
  readonly helpers: string;
  readonly vector: string;
  readonly verify: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** A wrong use of the command line: exit code 2. */
export function usage(message: string, help?: string): Failure {
  return new Failure({ code: 'BPF-F013', message, ...(help !== undefined && { help }) }, 'usage');
}

/** The target that the user named, else this machine's. */
export function chosenTarget(name: string | undefined): Target {
  if (name !== undefined) return findTarget(name);
  const host = hostTarget();
  if (host === undefined) {
    throw usage(`this machine's CPU (${process.arch}) is no target`, 'name one with --target');
  }
  return host;
}

/** The options of the pipeline for one target. */
export function codeOptions(args: CompileArguments, target: Target): CompileOptions {
  if (!/^[0-3]$/.test(args.optimize)) {
    throw usage(`-O${args.optimize}: the levels are 0, 1, 2 and 3`);
  }
  const ptRegs =
    args.ptRegs === 'auto' || args.ptRegs === 'native'
      ? args.ptRegs
      : (findTarget(args.ptRegs).name satisfies TargetName);
  return {
    target,
    level: Number(args.optimize) as 0 | 1 | 2 | 3,
    debug: args.debug,
    ptRegs,
    helpers: args.helpers === 'extern' ? 'extern' : 'inline',
    vector: args.vector === 'never' ? 'never' : 'auto',
    verify: args.verify,
    programs: args.program ?? [],
    ...(args.mcpu !== undefined && { cpu: args.mcpu }),
    ...(args.mattr !== undefined && { features: args.mattr }),
    ...(args.btf !== undefined && { btf: args.btf }),
    ...(args.kernelConfig !== undefined && { kernelConfig: args.kernelConfig }),
    ...(args.kernelVersion !== undefined && { kernelVersion: args.kernelVersion }),
  };
}
