import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/index.ts';

/** One case of the public conformance suite. */
export interface ConformanceCase {
  readonly name: string;
  readonly code: Uint8Array;
  readonly memory: Uint8Array;
  /** Expected r0, unless the case must be refused. */
  readonly result: bigint;
  readonly error: string | null;
}

/** The suite's cases, or undefined (with a line that says so) where the suite is not present. */
export function conformanceCases(): ConformanceCase[] | undefined {
  const path = join(packageRoot(), '..', 'shared', 'suites', 'conformance.jsonl');
  if (!existsSync(path)) {
    console.log('skip: the public conformance suite is not beside the repository');
    return undefined;
  }
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const record = JSON.parse(line) as Record<'name' | 'code' | 'mem' | 'result', string> & {
        error: string | null;
      };
      return {
        name: record.name,
        code: Buffer.from(record.code, 'hex'),
        memory: Buffer.from(record.mem, 'hex'),
        result: BigInt(record.result),
        error: record.error,
      };
    });
}
