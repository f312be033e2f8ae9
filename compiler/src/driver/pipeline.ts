import { loadTargetBtf } from '../btf/index.ts';
import { generate, type NativeKind } from '../codegen/index.ts';
import type { Sink } from '../diag/index.ts';
import { parseElf } from '../elf/index.ts';
import { type LoweredModule, lower } from '../lower/index.ts';
import {
  type BpfObject,
  buildObject,
  refuseUnsupportedPrograms,
  selectPrograms,
} from '../object/index.ts';
import { analyse, type VerifiedObject } from '../verifier/index.ts';
import { describeElf, describeFacts, describeObject } from './describe.ts';
import { compiledInformation } from './information.ts';
import { readInput } from './input.ts';
import { type Observer, unobserved } from './observer.ts';
import type { CodeOptions, LoadOptions } from './options.ts';

/**
 * The compiler, one stage after the other. Each takes the value of the stage before and returns a new
 * one that nothing changes afterwards; a stage that cannot go on throws a Failure.
 *
 *   bytes --elf--> ElfFile --object--> BpfObject --verifier--> VerifiedObject --lower--> bitcode
 *         --codegen--> bytes of a native object (or of assembly, LLVM IR, bitcode)
 */
export function load(
  bytes: Uint8Array,
  file: string,
  options: LoadOptions,
  sink: Sink,
  observer: Observer = unobserved,
): BpfObject {
  const elf = observer.stage('elf', () => parseElf(bytes, file), describeElf);
  return observer.stage(
    'object',
    () => {
      const object = buildObject(
        elf,
        {
          ...(options.btf !== undefined && {
            targetBtf: loadTargetBtf(readInput(options.btf), options.btf),
          }),
          ...(options.kernelConfig !== undefined && {
            kernelConfig: new TextDecoder().decode(readInput(options.kernelConfig)),
          }),
          ...(options.kernelVersion !== undefined && { kernelVersion: options.kernelVersion }),
        },
        sink,
      );
      return options.programs.length === 0 ? object : selectPrograms(object, options.programs);
    },
    describeObject,
  );
}

/** Proves what can be proved; nothing is lowered without it. */
export function verify(
  object: BpfObject,
  options: Pick<CodeOptions, 'verify'>,
  sink: Sink,
  observer: Observer = unobserved,
): VerifiedObject {
  return observer.stage(
    'verifier',
    () => {
      refuseUnsupportedPrograms(object);
      if (!options.verify) {
        sink.add({
          code: 'BPF-D001',
          severity: 'warning',
          message: 'memory safety is not checked (--no-verify)',
          place: { file: object.file },
        });
      }
      return analyse(object, { skip: !options.verify }, sink);
    },
    describeFacts,
  );
}

/** Makes native code, or one of the forms before it, of an object. */
export function compile(
  object: BpfObject,
  options: CodeOptions,
  emit: NativeKind,
  sink: Sink,
  observer: Observer = unobserved,
): Uint8Array {
  const verified = verify(object, options, sink, observer);
  const lowered = observer.stage(
    'lower',
    () =>
      lower(verified, { ...options, information: compiledInformation(verified, options) }, sink),
    (module) =>
      text(
        generate(module, {
          target: options.target,
          level: 0,
          emit: 'llvm-ir',
          inlineRuntime: false,
        }),
      ),
  );
  return observer.stage(
    'codegen',
    () =>
      nativeCode(lowered, options, emit, (message) =>
        sink.add({
          code: 'BPF-C011',
          severity: 'warning',
          message: `LLVM: ${message.split('\n')[0]}`,
          place: { file: object.file },
        }),
      ),
    () => text(nativeCode(lowered, options, 'asm', () => {})),
  );
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function nativeCode(
  lowered: LoweredModule,
  options: CodeOptions,
  emit: NativeKind,
  onWarning: (message: string) => void,
): Uint8Array {
  return generate(lowered, {
    target: options.target,
    ...(options.cpu !== undefined && { cpu: options.cpu }),
    ...(options.features !== undefined && { features: options.features }),
    level: options.level,
    vector: options.vector,
    emit,
    inlineRuntime: true,
    onWarning,
  });
}
