/** Ways of the tests in this folder to compile objects and run them on every CPU. */
import { CollectingSink, Failure } from '../../src/diag/index.ts';
import {
  type CodeOptions,
  compile,
  type RunOutcome,
  type RunRequest,
  runNative,
} from '../../src/driver/index.ts';
import type { BpfObject } from '../../src/object/index.ts';
import { hostTarget, type Target, targets } from '../../src/target/index.ts';
import { findTool, type ToolName } from '../../src/toolchain/index.ts';

/** Compilation as `build --no-verify -O2` does it, unless a test says otherwise. */
export function options(target: Target, changes: Partial<CodeOptions> = {}): CodeOptions {
  return {
    target,
    level: 2,
    debug: false,
    ptRegs: 'auto',
    helpers: 'inline',
    vector: 'auto',
    verify: false,
    ...changes,
  };
}

/** Targets whose code can run on this machine; a line tells which are left out, and why. */
export async function runnableTargets(): Promise<Target[]> {
  const runnable: Target[] = [];
  for (const target of targets()) {
    try {
      await findTool('ld.lld');
      if (hostTarget()?.name !== target.name) await findTool(target.qemu as ToolName);
      runnable.push(target);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      console.log(`skip: running on ${target.name}: ${error.message}`);
    }
  }
  return runnable;
}

/** Compiles an object and serves requests of its programs by one process. */
export async function execute(
  object: BpfObject,
  target: Target,
  requests: readonly (Partial<RunRequest> & { readonly program: number })[],
  changes: Partial<CodeOptions> = {},
): Promise<RunOutcome> {
  const code = compile(object, options(target, changes), 'obj', new CollectingSink());
  return runNative(
    code,
    target,
    requests.map((request) => ({ memory: new Uint8Array(0), repeat: 1, ...request })),
    { timeoutMs: 120_000, file: object.file },
  );
}

/** Bytes as text that shows where they differ. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
