import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, type Sink } from '../diag/index.ts';
import { linkRunner } from '../link/index.ts';
import type { BpfObject } from '../object/index.ts';
import type { Target } from '../target/index.ts';
import { execute } from '../toolchain/index.ts';
import type { CodeOptions } from './options.ts';
import { compile } from './pipeline.ts';

/** One call of a program: its memory, and how often it is repeated (memory carries over). */
export interface RunRequest {
  /** Position in the object's list of programs. */
  readonly program: number;
  readonly memory: Uint8Array;
  readonly repeat: number;
}

export interface RunResult {
  readonly r0: bigint;
  /** The memory after the last repeat. */
  readonly memory: Uint8Array;
  readonly nanosecondsPerRun: number;
}

export interface RunOutcome {
  readonly results: readonly RunResult[];
  /** What the programs printed with bpf_trace_printk. */
  readonly trace: string;
}

const REQUEST_HEADER = 16;
const RESPONSE_HEADER = 24;
/** Exit code of the runner when a map could not be opened. */
const RUNNER_NOT_OPEN = 66;

/** The stream the runner reads (see runtime-native/runner): a header and the memory of each request. */
export function encodeRequests(requests: readonly RunRequest[]): Uint8Array {
  const total = requests.reduce((sum, { memory }) => sum + REQUEST_HEADER + memory.length, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { program, memory, repeat } of requests) {
    view.setUint32(at, program, true);
    view.setUint32(at + 4, memory.length, true);
    view.setUint32(at + 8, repeat, true);
    bytes.set(memory, at + REQUEST_HEADER);
    at += REQUEST_HEADER + memory.length;
  }
  return bytes;
}

/** The responses in a runner's output; fewer than were asked for when it died on the way. */
export function decodeResponses(
  bytes: Uint8Array,
  requests: readonly RunRequest[],
): readonly RunResult[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const results: RunResult[] = [];
  let at = 0;
  for (const { repeat } of requests) {
    if (at + RESPONSE_HEADER > bytes.length) break;
    const length = view.getUint32(at + 16, true);
    const start = at + RESPONSE_HEADER;
    if (start + length > bytes.length) break;
    results.push({
      r0: view.getBigUint64(at, true),
      nanosecondsPerRun: Number(view.getBigUint64(at + 8, true)) / Math.max(1, repeat),
      memory: bytes.slice(start, start + length),
    });
    at = start + length;
  }
  return results;
}

/** Builds the object for a target and calls programs of it in a child process, under qemu if need be. */
export async function runObject(
  object: BpfObject,
  options: CodeOptions,
  requests: readonly RunRequest[],
  sink: Sink,
  limits: { readonly timeoutMs: number; readonly verbose?: (command: string) => void },
): Promise<RunOutcome> {
  const native = compile(object, options, 'obj', sink);
  return runNative(native, options.target, requests, { ...limits, file: object.file });
}

/** Links a compiled object with the runner and the runtime, and calls programs of it. */
export async function runNative(
  native: Uint8Array,
  target: Target,
  requests: readonly RunRequest[],
  limits: {
    readonly timeoutMs: number;
    readonly file: string;
    readonly verbose?: (command: string) => void;
  },
): Promise<RunOutcome> {
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-run-'));
  try {
    const objectFile = join(directory, 'program.o');
    const executable = join(directory, 'program');
    writeFileSync(objectFile, native);
    await linkRunner([objectFile], executable, target, limits);
    const end = await execute(target, executable, encodeRequests(requests), limits);
    const results = decodeResponses(end.stdout, requests);
    if (end.timedOut) {
      throw new Failure({
        code: 'BPF-R002',
        message: `the program was still running after ${limits.timeoutMs / 1000} s on ${target.name}`,
        place: { file: limits.file },
        help: 'a loop may not end, or --repeat is too large; --timeout SECONDS gives it longer',
      });
    }
    const notes = end.stderr
      .split('\n')
      .filter((line) => line !== '')
      .map((message) => ({ message }));
    if (end.exitCode === RUNNER_NOT_OPEN) {
      throw new Failure({
        code: 'BPF-R005',
        message: `the runtime cannot open the object's maps on ${target.name}`,
        place: { file: limits.file },
        notes,
        help: 'a map is of a type that the runtime does not have yet, or larger than memory',
      });
    }
    if (end.signal !== undefined || end.exitCode !== 0 || results.length !== requests.length) {
      const how = end.signal === undefined ? `exit code ${end.exitCode}` : `signal ${end.signal}`;
      throw new Failure({
        code: 'BPF-R001',
        message: `the program ended with ${how} on ${target.name}`,
        place: { file: limits.file },
        ...(notes.length > 0 && { notes }),
        help: 'memory safety is not proved yet: look for an access outside the memory, or a null map value',
      });
    }
    return { results, trace: end.stderr };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
