import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { Failure } from '../diag/index.ts';
import { startTool } from './run.ts';
import { installCommand, LLVM_VERSIONS, overrideVariable, TOOLS, type ToolName } from './tools.ts';

/** A program that is there and new enough. */
export interface Tool {
  readonly name: ToolName;
  readonly path: string;
  /** First number of its version, where that was asked: it always is for parts of LLVM. */
  readonly major?: number;
}

const found = new Map<string, Promise<Tool>>();

/**
 * Finds a tool: the one an environment variable names (BPFTIME_CLANG...), else the newest on the
 * path. Throws a Failure with the command that installs it when there is none, or none new enough.
 */
export function findTool(name: ToolName): Promise<Tool> {
  // Tests and long-lived callers change the environment: what it says is part of the question.
  const key = `${name}\0${process.env[overrideVariable(name)] ?? ''}\0${process.env.PATH ?? ''}`;
  let tool = found.get(key);
  if (tool === undefined) {
    tool = search(name);
    found.set(key, tool);
  }
  return tool;
}

async function search(name: ToolName): Promise<Tool> {
  const variable = overrideVariable(name);
  const override = process.env[variable];
  if (override !== undefined && override !== '') {
    const path = onPath(override);
    if (path === undefined) {
      throw new Failure(
        {
          code: 'BPF-T002',
          message: `${variable} names '${override}', which is no program`,
          help: `set ${variable} to a program, or unset it`,
        },
        'tool',
      );
    }
    return checked(name, path);
  }
  const { llvm, alternatives } = TOOLS[name];
  if (llvm) {
    // The name tells the version: no need to run it, which for clang costs as much as compiling.
    for (const major of LLVM_VERSIONS) {
      const path = onPath(`${name}-${major}`) ?? executable(`/usr/lib/llvm-${major}/bin/${name}`);
      if (path !== undefined) return { name, path, major };
    }
  }
  for (const candidate of [name, ...alternatives]) {
    const path = onPath(candidate);
    if (path !== undefined) return llvm ? checked(name, path) : { name, path };
  }
  throw new Failure(
    {
      code: 'BPF-T001',
      message: `${name} is not installed; it is needed to ${TOOLS[name].purpose}`,
      help: `install it with \`${installCommand(name)}\`, or name it in ${variable}`,
    },
    'tool',
  );
}

async function checked(name: ToolName, path: string): Promise<Tool> {
  const version = await versionOf(path);
  const major = Number.parseInt(version ?? '', 10);
  const { oldest } = TOOLS[name];
  if (!(major >= oldest)) {
    throw new Failure(
      {
        code: 'BPF-T003',
        message:
          version === undefined
            ? `${path} does not tell its version`
            : `${path} is version ${version}, but ${name} ${oldest} or newer is needed`,
        help: `install one with \`${installCommand(name)}\`, or name it in ${overrideVariable(name)}`,
      },
      'tool',
    );
  }
  return { name, path, major };
}

/** The version a program prints for --version; undefined when it prints none. */
export async function versionOf(path: string): Promise<string | undefined> {
  const { stdout, stderr } = await startTool(path, ['--version'], { timeoutMs: 20_000 });
  const text = `${new TextDecoder().decode(stdout)}\n${stderr}`;
  return (/(?:version|LLD|bpftool|GNU gdb.*?)\s+v?(\d+(?:\.\d+)*)/i.exec(text) ??
    /(\d+\.\d+(?:\.\d+)*)/.exec(text))?.[1];
}

function onPath(program: string): string | undefined {
  if (program.includes('/')) return executable(program);
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const path = executable(join(directory, program));
    if (path !== undefined) return path;
  }
  return undefined;
}

function executable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}
