import { statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { Failure, type Sink } from '../diag/index.ts';
import { dependencyFile, emitHeader, writeOutput } from '../link/index.ts';
import type { BpfObject } from '../object/index.ts';
import { describeObject } from './describe.ts';
import { readInput } from './input.ts';
import { type Observer, unobserved } from './observer.ts';
import { type CompileOptions, EMIT_KINDS, type EmitKind } from './options.ts';
import { compile, load, verify } from './pipeline.ts';

export interface BuildRequest {
  readonly input: string;
  /** File to write; `-` is standard output; chosen from the input's name when absent. */
  readonly output?: string;
  readonly emit?: EmitKind;
  /** Write a make rule that names every file the output depends on, to this file or beside the output. */
  readonly dependencies?: string | true;
  /** Keep every stage's value beside the output. */
  readonly saveTemps?: boolean;
}

export interface BuildResult {
  readonly input: string;
  readonly output: string;
  readonly emit: EmitKind;
  readonly bytes: number;
}

const SUFFIXES: Readonly<Record<EmitKind, string>> = {
  obj: '.o',
  asm: '.s',
  'llvm-ir': '.ll',
  bitcode: '.bc',
  header: '.h',
  disasm: '.disasm',
};

/** The form that a file name asks for by its suffix; undefined when it says nothing. */
export function emitKindOf(output: string): EmitKind | undefined {
  const suffix = extname(output);
  if (suffix === '.so' || suffix === '.a') {
    throw new Failure(
      {
        code: 'BPF-F003',
        message: `cannot write ${suffix} files: linking to shared objects and archives is not supported yet`,
        place: { file: output },
        help: 'build an object (.o) and link it with cc, ld or ar',
      },
      'usage',
    );
  }
  return EMIT_KINDS.find((kind) => SUFFIXES[kind] === suffix);
}

/** Where the output goes when the user does not say: `prog.bpf.o` becomes `prog.riscv64.o`. */
export function defaultOutput(input: string, emit: EmitKind, target: string): string {
  const stem = basename(input).replace(/(\.bpf)?\.o$/, '');
  return emit === 'header' || emit === 'disasm'
    ? `${stem}.bpf${SUFFIXES[emit]}`
    : `${stem}.${target}${SUFFIXES[emit]}`;
}

/** The form that is written and where it goes; a Failure when that cannot be meant. */
export function destination(
  request: BuildRequest,
  target: string,
): { readonly emit: EmitKind; readonly output: string } {
  const emit =
    request.emit ??
    (request.output === undefined ? undefined : emitKindOf(request.output)) ??
    'obj';
  const output = request.output ?? defaultOutput(request.input, emit, target);
  if (output !== '-' && sameFile(request.input, output)) {
    throw new Failure(
      {
        code: 'BPF-F006',
        message: 'the output would replace the input',
        place: { file: output },
        help: 'name another file with -o',
      },
      'usage',
    );
  }
  return { emit, output };
}

function sameFile(one: string, other: string): boolean {
  try {
    const first = statSync(one);
    const second = statSync(other);
    return first.ino === second.ino && first.dev === second.dev;
  } catch {
    // What cannot be looked at is no output yet, or will be reported where it is opened.
    return false;
  }
}

/** Compiles one file and writes what was asked for; nothing is written when a stage fails. */
export function build(
  request: BuildRequest,
  options: CompileOptions,
  sink: Sink,
  observer: Observer = unobserved,
): BuildResult {
  const { emit, output } = destination(request, options.target.name);
  const rule = dependenciesOf(request, options, output);
  const object = load(readInput(request.input), request.input, options, sink, observer);
  let bytes: Uint8Array;
  if (emit === 'header') {
    verify(object, options, sink, observer);
    bytes = new TextEncoder().encode(emitHeader(object));
  } else if (emit === 'disasm') {
    bytes = new TextEncoder().encode(describeObject(object));
  } else {
    bytes = compile(object, options, emit, sink, observer);
  }
  const files = [...(request.saveTemps ? temporaries(request, options, object, emit, output) : [])];
  if (rule !== undefined) files.push(rule);
  // What was asked for comes last: its new date says that all the rest is there.
  for (const file of [...files, { name: output, bytes }]) writeOutput(file.name, file.bytes);
  return { input: request.input, output, emit, bytes: bytes.length };
}

interface OutputFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The other forms of native code, for --save-temps. */
function temporaries(
  request: BuildRequest,
  options: CompileOptions,
  object: BpfObject,
  emit: EmitKind,
  output: string,
): readonly OutputFile[] {
  const stem = output === '-' ? defaultOutput(request.input, emit, options.target.name) : output;
  const silent: Sink = { add: () => {} };
  return (['llvm-ir', 'bitcode', 'asm'] as const)
    .filter((kind) => kind !== emit)
    .map((kind) => ({
      name: join(dirname(stem), basename(stem, extname(stem)) + SUFFIXES[kind]),
      bytes: compile(object, options, kind, silent),
    }));
}

/** The make rule that was asked for. */
function dependenciesOf(
  request: BuildRequest,
  options: CompileOptions,
  output: string,
): OutputFile | undefined {
  if (request.dependencies === undefined) return undefined;
  if (request.dependencies === true && output === '-') {
    throw new Failure(
      {
        code: 'BPF-F007',
        message: 'standard output has no name that a make rule could have',
        help: 'name the output with -o, or the file of the rule with -MF FILE',
      },
      'usage',
    );
  }
  const inputs = [request.input, options.btf, options.kernelConfig].filter(
    (file) => file !== undefined,
  );
  return {
    name:
      request.dependencies === true
        ? `${output.slice(0, output.length - extname(output).length)}.d`
        : request.dependencies,
    bytes: new TextEncoder().encode(dependencyFile(output, inputs)),
  };
}
