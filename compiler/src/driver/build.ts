import { basename, dirname, extname, join } from 'node:path';
import type { NativeKind } from '../codegen/index.ts';
import { Failure, type Sink } from '../diag/index.ts';
import { dependencyFile, emitHeader, writeOutput } from '../link/index.ts';
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

/** Compiles one file and writes what was asked for; nothing is written when a stage fails. */
export function build(
  request: BuildRequest,
  options: CompileOptions,
  sink: Sink,
  observer: Observer = unobserved,
): BuildResult {
  const emit =
    request.emit ??
    (request.output === undefined ? undefined : emitKindOf(request.output)) ??
    'obj';
  const output = request.output ?? defaultOutput(request.input, emit, options.target.name);
  const object = load(readInput(request.input), request.input, options, sink, observer);
  const native = (kind: NativeKind) => compile(object, options, kind, sink, observer);
  let bytes: Uint8Array;
  if (emit === 'header') {
    verify(object, options, sink, observer);
    bytes = new TextEncoder().encode(emitHeader(object));
  } else if (emit === 'disasm') {
    bytes = new TextEncoder().encode(describeObject(object));
  } else {
    bytes = native(emit);
  }
  if (request.saveTemps) {
    const stem = output === '-' ? defaultOutput(request.input, emit, options.target.name) : output;
    for (const kind of ['llvm-ir', 'bitcode', 'asm'] as const) {
      if (kind === emit) continue;
      const file = join(dirname(stem), basename(stem, extname(stem)) + SUFFIXES[kind]);
      writeOutput(file, compile(object, options, kind, { add: () => {} }));
    }
  }
  if (request.dependencies !== undefined) {
    const inputs = [request.input, options.btf, options.kernelConfig].filter(
      (f) => f !== undefined,
    );
    const file =
      request.dependencies === true
        ? output.slice(0, output.length - extname(output).length) + '.d'
        : request.dependencies;
    writeOutput(file, new TextEncoder().encode(dependencyFile(output, inputs)));
  }
  writeOutput(output, bytes);
  return { input: request.input, output, emit, bytes: bytes.length };
}
