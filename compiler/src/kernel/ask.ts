import { closeSync } from 'node:fs';
import { bpfKernel, type KernelError } from '../codegen/index.ts';
import { Failure } from '../diag/index.ts';
import type { BpfFunction, BpfObject } from '../object/index.ts';
import { debugInfo, joinCode, layOut, reachedFunctions } from './join.ts';
import { numbersOf } from './log.ts';
import { MapMaker, MapRefusal } from './maps.ts';
import { typesOf } from './object-btf.ts';
import { type ProgramType, programType } from './program-type.ts';
import type { KernelOptions, KernelVerdict } from './types.ts';

const LOG_STATISTICS = 4;
const LOG_LIMIT = 64 << 20;

/** Errors that say nothing of the program. */
const NO_ANSWER: Readonly<Record<string, string>> = {
  EPERM: 'this user may not use bpf(2): it takes root, or CAP_BPF and CAP_PERFMON',
  ENOSYS: 'this kernel has no bpf(2)',
  ENOMEM: 'the kernel has not enough memory',
  EMFILE: 'too many files are open',
};

/** Times that a verifier interrupted by a signal is asked again. */
const ATTEMPTS = 10;

/**
 * Asks the running kernel's verifier about one program of an object. Never throws for what the object
 * holds; a Failure says that the addon, which makes the system calls, does not work.
 */
export function askKernel(object: BpfObject, options: KernelOptions): KernelVerdict {
  const program = object.programs[options.program]!;
  const type = programType(program, options.kind);
  if (typeof type === 'string') return unavailable(type);
  const functions = reachedFunctions(object, program);
  const opened: number[] = [];
  try {
    return load(object, options, functions, type, opened);
  } catch (error) {
    if (error instanceof MapRefusal) {
      return NO_ANSWER[error.errno] === undefined
        ? refusal('map', error.errno, error.message)
        : unavailable(NO_ANSWER[error.errno]!, error.errno);
    }
    // Code whose parts are too far apart once joined: the kernel cannot even be told.
    if (error instanceof Failure && error.diagnostic.code === 'BPF-I010') {
      return unavailable(error.message);
    }
    throw error;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function load(
  object: BpfObject,
  options: KernelOptions,
  functions: readonly BpfFunction[],
  type: ProgramType,
  opened: number[],
): KernelVerdict {
  const kernel = bpfKernel();
  let types = typesOf(object, functions);
  const layout = layOut(functions);
  let debug = debugInfo(object, functions, layout.placed, types);
  let btf: number | undefined;
  if (types !== undefined) {
    try {
      btf = kernel.btfLoad(types.writer.bytes());
      opened.push(btf);
    } catch (error) {
      const { code, message } = error as KernelError;
      if (NO_ANSWER[code] !== undefined) return unavailable(NO_ANSWER[code], code);
      // Compilers other than clang write names that the kernel does not take; loaders do without.
      if (needsTypes(object, functions)) {
        return refusal('types', code, `${message}\n${(error as KernelError).log ?? ''}`);
      }
      types = undefined;
      debug = {};
    }
  }
  const descriptors = new MapMaker(btf, opened).make(object, functions, types);
  const request = {
    ...type,
    instructions: joinCode(functions, layout, descriptors),
    license: options.license ?? object.license,
    ...(btf !== undefined && { btf }),
    ...debug,
  };
  const ask = (logLevel: number, logLimit: number) => {
    for (let attempt = 1; ; attempt++) {
      const answer = kernel.progVerify({ ...request, logLevel, logLimit });
      if (answer.errno !== 'EAGAIN' || attempt === ATTEMPTS) return answer;
    }
  };
  // First without the states: the verdict and the time; writing those can take most of the time.
  const brief = ask(LOG_STATISTICS, LOG_LIMIT);
  if (brief.errno === 'EPERM' && brief.log === '') return unavailable(NO_ANSWER.EPERM!, 'EPERM');
  if (brief.errno !== 'EPERM' && NO_ANSWER[brief.errno] !== undefined) {
    return unavailable(NO_ANSWER[brief.errno]!, brief.errno);
  }
  const level = options.logLevel ?? 1;
  const full =
    level === 2 || (level === 1 && brief.errno !== '')
      ? ask(level | LOG_STATISTICS, options.logLimit ?? LOG_LIMIT)
      : brief;
  return {
    verdict: brief.errno === '' ? 'accepted' : 'rejected',
    ...(brief.errno !== '' && { errno: brief.errno, refused: 'program' as const }),
    log: full.log,
    truncated: full.truncated,
    ...numbersOf(brief.log),
    functions: layout.placed,
  };
}

/** Whether the kernel would refuse the functions without their types. */
function needsTypes(object: BpfObject, functions: readonly BpfFunction[]): boolean {
  return functions.some(
    (fn, order) =>
      (order > 0 && fn.linkage === 'global' && object.btf !== undefined) ||
      fn.instructions.some((one) => one.kind === 'reference' && one.reference.kind === 'function'),
  );
}

function unavailable(reason: string, errno?: string): KernelVerdict {
  const base = {
    verdict: 'unavailable',
    reason,
    log: '',
    truncated: false,
    functions: [],
  } as const;
  return errno === undefined ? base : { ...base, errno };
}

function refusal(refused: 'map' | 'types', errno: string, log: string): KernelVerdict {
  return { verdict: 'rejected', refused, errno, log, truncated: false, functions: [] };
}
