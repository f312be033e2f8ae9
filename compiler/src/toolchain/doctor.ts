import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/index.ts';
import { Failure } from '../diag/index.ts';
import { hostTarget, targets } from '../target/index.ts';
import { findTool, versionOf } from './find.ts';
import { installCommand, TOOLS, type ToolName, toolNames } from './tools.ts';

/** One thing the compiler needs or can use, and whether this machine has it. */
export interface Finding {
  readonly name: string;
  readonly found: boolean;
  readonly purpose: string;
  readonly required: boolean;
  readonly version?: string;
  readonly path?: string;
  /** Why it does not count as found, when it is there but will not do. */
  readonly reason?: string;
  /** The command that puts it there. */
  readonly install: string;
}

/** Looks for everything: what this package builds, then the tools. */
export async function doctor(): Promise<readonly Finding[]> {
  const host = hostTarget();
  const wanted = toolNames.filter((name) => name !== host?.qemu);
  return [...builtParts(), ...(await Promise.all(wanted.map(examine)))];
}

async function examine(name: ToolName): Promise<Finding> {
  const { purpose, required } = TOOLS[name];
  const finding = { name, purpose, required, install: installCommand(name) };
  try {
    const { path } = await findTool(name);
    const version = await versionOf(path);
    return { ...finding, found: true, path, ...(version !== undefined && { version }) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...finding, found: false, reason: error.message };
  }
}

/** Files that `make build` and `make setup` put into the package. */
function builtParts(): readonly Finding[] {
  const root = packageRoot();
  const part = (name: string, purpose: string, install: string, ...path: string[]): Finding => {
    const file = join(root, ...path);
    const found = existsSync(file);
    return { name, purpose, required: true, install, found, ...(found && { path: file }) };
  };
  return [
    part(
      'code generator',
      'optimise and emit native code',
      'make build',
      'compiler',
      'addon',
      'build',
      'Release',
      'bpftime.node',
    ),
    ...targets().flatMap(({ name }) => [
      part(
        `inline runtime, ${name}`,
        'hot helpers inside programs',
        'make build',
        'runtime-native',
        'build',
        name,
        'inline.bc',
      ),
      part(
        `runtime, ${name}`,
        'link and run programs',
        'make build',
        'runtime-native',
        'build',
        name,
        'libbpftime.a',
      ),
    ]),
  ];
}
