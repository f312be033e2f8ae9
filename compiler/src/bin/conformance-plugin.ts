/**
 * A plugin of the public BPF conformance runner: a program as base16 on standard input, its memory as
 * base16 in the first argument; prints r0 in hex. Its cases hold programs that a verifier refuses, so
 * nothing is proved before they run.
 */
import { readFileSync } from 'node:fs';
import { fromBase16 } from '../base/index.ts';
import { CollectingSink, exitCode, Failure, renderText } from '../diag/index.ts';
import { runObject } from '../driver/index.ts';
import { objectFromBytecode } from '../object/index.ts';
import { findTarget, hostTarget, type Target } from '../target/index.ts';

const USAGE = 'conformance-plugin [memory in base16] [--target x86-64|arm64|riscv64] < program';
/** A program of the suite ends within milliseconds; under an emulator the longest take a second. */
const TIMEOUT_MS = 60_000;

function usage(message: string): Failure {
  return new Failure({ code: 'BPF-F014', message, help: USAGE }, 'usage');
}

/** Splits the arguments of the process: `--target T` may stand before or after the memory. */
function parseArguments(words: readonly string[]): { memory: Uint8Array; target: Target } {
  let memory: Uint8Array | undefined;
  let target = hostTarget();
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--target') {
      const name = words[++at];
      if (name === undefined) throw usage('--target needs a name');
      target = findTarget(name);
    } else if (word.startsWith('--target=')) {
      target = findTarget(word.slice('--target='.length));
    } else if (word.startsWith('-')) {
      throw usage(`unknown option: ${word}`);
    } else if (memory === undefined) {
      memory = fromBase16(word);
      if (memory === undefined) throw usage('the memory is not base16: two digits a byte');
    } else {
      throw usage(`one memory only: what is '${word}'?`);
    }
  }
  if (target === undefined) throw usage('this machine is no target: name one with --target');
  return { memory: memory ?? new Uint8Array(0), target };
}

async function main(words: readonly string[]): Promise<void> {
  const { memory, target } = parseArguments(words);
  const code = fromBase16(readFileSync(0, 'latin1'));
  if (code === undefined) throw usage('the program is not base16: two digits a byte');
  const { results } = await runObject(
    objectFromBytecode(code, 'standard-input.bin'),
    {
      target,
      level: 2,
      debug: false,
      ptRegs: 'native',
      helpers: 'inline',
      vector: 'auto',
      verify: false,
    },
    [{ program: 0, memory, repeat: 1 }],
    new CollectingSink(),
    { timeoutMs: TIMEOUT_MS },
  );
  process.stdout.write(`${results[0]!.r0.toString(16)}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof Failure) {
    process.stderr.write(renderText([error.diagnostic], { color: false }));
    process.exitCode = exitCode(error.kind);
  } else {
    process.stderr.write(
      `internal error: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = exitCode('internal');
  }
});
