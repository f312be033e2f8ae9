/**
 * The one file that touches llvm-bindings: module text in, checked bitcode out.
 *
 * Functions are written as LLVM assembly and parsed by LLVM, rather than built call by call, because
 * the bindings' builder cannot say what lowering must say (alignment of an access, atomics, attributes,
 * sections, aliases, bytes above 0x7f) and ends the process on a wrong type, while the parser says all
 * of it and checks it. It is also the faster way: one crossing into native code for a module.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type llvm from 'llvm-bindings';
import { Failure } from '../diag/index.ts';

type Bindings = typeof llvm;

let loaded: Bindings | undefined;

/** Loading costs 20 to 50 ms, so it waits until a module is there. */
function bindings(): Bindings {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)('llvm-bindings') as Bindings;
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new Failure(
        { code: 'BPF-L001', message: `cannot load llvm-bindings: ${reason}`, help: 'make setup' },
        'tool',
      );
    }
  }
  return loaded;
}

/** A directory of our own in memory where there is such, as the bindings read and write files only. */
function scratchDirectory(): string {
  for (const parent of ['/dev/shm', tmpdir()]) {
    try {
      return mkdtempSync(join(parent, 'bpftime-aot-'));
    } catch {
      // Not there or not writable: the next one.
    }
  }
  throw new Failure({
    code: 'BPF-L002',
    message: 'no temporary directory can be written to',
    help: 'set TMPDIR to a writable directory',
  });
}

/**
 * A failed parse gives a module object without a module, and any use of it would end the process. The
 * one safe question: a function created "in" it knows no module.
 */
function isParsed(api: Bindings, context: llvm.LLVMContext, module: llvm.Module): boolean {
  const type = api.FunctionType.get(api.Type.getVoidTy(context), false);
  const { InternalLinkage } = api.GlobalValue.LinkageTypes;
  const probe = api.Function.Create(type, InternalLinkage, '', module);
  const parsed = api.BasicBlock.Create(context, '', probe).getModule() !== null;
  if (parsed) probe.eraseFromParent();
  return parsed;
}

/** LLVM 14 bitcode of a module given as LLVM 14 assembly. */
export function toBitcode(text: string): Uint8Array {
  const api = bindings();
  const directory = scratchDirectory();
  try {
    const source = join(directory, 'module.ll');
    const output = join(directory, 'module.bc');
    writeFileSync(source, text);
    const context = new api.LLVMContext();
    const module = api.parseIRFile(source, new api.SMDiagnostic(), context);
    if (!isParsed(api, context, module) || api.verifyModule(module)) {
      throw new Failure(
        { code: 'BPF-L003', message: 'LLVM refuses the module that was made of this object' },
        'internal',
      );
    }
    api.WriteBitcodeToFile(module, output);
    return readFileSync(output);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure({ code: 'BPF-L002', message: `cannot write bitcode: ${reason}` });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
