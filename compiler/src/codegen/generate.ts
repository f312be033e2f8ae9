import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/index.ts';
import { Failure } from '../diag/index.ts';
import type { LoweredModule } from '../lower/index.ts';
import type { Target } from '../target/index.ts';
import { addon } from './addon.ts';
import { checkCpu, known } from './cpu.ts';
import type { GenerateOptions } from './types.ts';

const runtimes = new Map<string, Uint8Array>();

/** The runtime's hot operations as bitcode for one target, read once. */
function runtimeBitcode(target: Target): Uint8Array {
  let bitcode = runtimes.get(target.name);
  if (bitcode === undefined) {
    const file = join(packageRoot(), 'runtime-native', 'build', target.name, 'inline.bc');
    try {
      bitcode = readFileSync(file);
    } catch {
      throw new Failure(
        {
          code: 'BPF-C005',
          message: `the runtime is not built for ${target.name}`,
          place: { file },
          help: 'run `make build`',
        },
        'tool',
      );
    }
    runtimes.set(target.name, bitcode);
  }
  return bitcode;
}

/**
 * Compiles a lowered module together with what it needs of the runtime. The result depends on
 * nothing but the arguments and the versions of LLVM and of the runtime.
 */
export function generate(module: LoweredModule, options: GenerateOptions): Uint8Array {
  return generateWith(
    module,
    options,
    options.inlineRuntime ? runtimeBitcode(options.target) : undefined,
  );
}

/** The same with a runtime of the caller's, or none. */
export function generateWith(
  module: LoweredModule,
  options: GenerateOptions,
  runtime: Uint8Array | undefined,
): Uint8Array {
  const { target } = options;
  const { cpu, features } = checkCpu(target, options);
  const { plan } = module;
  const request = {
    modules: [{ name: 'program' }, ...(runtime === undefined ? [] : [{ name: 'runtime' }])],
    plan: options.vector === 'never' ? { ...plan, vectorFunctions: [] } : plan,
    triple: target.triple,
    cpu,
    features,
    generalRegisterFeatures: known(target, target.generalRegisterFeatures),
    abi: target.abi,
    level: options.level,
    emit: options.emit,
  };
  const llvm = addon();
  let result: ReturnType<typeof llvm.compile>;
  try {
    result = llvm.compile(JSON.stringify(request), [
      module.bitcode,
      ...(runtime === undefined ? [] : [runtime]),
    ]);
  } catch (error) {
    throw new Failure(
      {
        code: 'BPF-C010',
        message: `code generation failed: ${firstLine(error)}`,
        notes: [{ message: String(error instanceof Error ? error.message : error) }],
        help: 'this is a bug of the compiler; --save-temps keeps what it was compiling',
      },
      'internal',
    );
  }
  for (const warning of result.warnings) options.onWarning?.(warning);
  options.onTimes?.(result.times);
  return result.output;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error)
    .split('\n')[0]!
    .trim();
}
