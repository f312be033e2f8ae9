import { hostTarget, type Target } from '../target/index.ts';
import { findTool } from './find.ts';
import { type Ended, type RunOptions, startTool } from './run.ts';
import type { ToolName } from './tools.ts';

/** How an executable of a target is run. */
export interface ExecuteOptions extends Pick<RunOptions, 'timeoutMs' | 'verbose'> {
  readonly arguments?: readonly string[];
}

/**
 * Runs an executable of a target: directly when this machine is one, else under the user-mode
 * emulator. Any end is an answer: a crash is the caller's to judge.
 */
export async function execute(
  target: Target,
  executable: string,
  input: Uint8Array,
  options: ExecuteOptions = {},
): Promise<Ended> {
  const command = [executable, ...(options.arguments ?? [])];
  if (hostTarget()?.name !== target.name) {
    command.unshift((await findTool(target.qemu as ToolName)).path);
  }
  return startTool(command[0]!, command.slice(1), {
    input,
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    ...(options.verbose !== undefined && { verbose: options.verbose }),
  });
}
