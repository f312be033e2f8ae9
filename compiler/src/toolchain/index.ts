/**
 * toolchain: programs of others that the compiler runs.
 * In: the name of a tool, arguments, input. Out: where it is, whether its version will do, what it
 * printed; a Failure of kind `tool` with the command that installs it when it is missing.
 * Sole user of execa. Does not know what the tools are run for.
 */
export { doctor, type Finding } from './doctor.ts';
export { type ExecuteOptions, execute } from './execute.ts';
export { findTool, type Tool } from './find.ts';
export { type Ended, type RunOptions, runTool, startTool } from './run.ts';
export { type ToolName, toolNames } from './tools.ts';
