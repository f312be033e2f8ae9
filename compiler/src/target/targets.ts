import arm64 from '../../../targets/arm64/target.json' with { type: 'json' };
import riscv64 from '../../../targets/riscv64/target.json' with { type: 'json' };
import x8664 from '../../../targets/x86-64/target.json' with { type: 'json' };
import { closest } from '../base/index.ts';
import { Failure, quote } from '../diag/index.ts';
import type { Target, TargetName } from './types.ts';

// JSON has no literal types: the compiler sees `string` where the record means one of a few words.
const ALL: readonly Target[] = [x8664 as Target, arm64 as Target, riscv64 as Target];

/** Systems and environments of triples whose objects are not 64-bit ELF. */
const FOREIGN =
  /^(darwin|macos|macosx|ios|tvos|watchos|windows|win32|mingw|cygwin|uefi|wasi|.*(msvc|x32|ilp32))/;

/** Every target, in the order in which they are listed to users. */
export function targets(): readonly Target[] {
  return ALL;
}

function names(target: Target): readonly string[] {
  return [target.name, ...target.aliases];
}

/** The target that the architecture part of a triple names, spelled in any of the usual ways. */
function targetOfArchitecture(architecture: string): Target | undefined {
  // riscv64 carries its extensions in the name (riscv64gc, riscv64imafdc).
  const plain = architecture.replace(/^(riscv64)(g|imafd)c?$/, '$1');
  return ALL.find((target) => names(target).includes(plain));
}

function targetOfTriple(triple: string): Target | undefined {
  // The name x86-64 has a dash of its own.
  const [architecture, ...rest] = triple.replace(/^x86-64/, 'x86_64').split('-');
  if (architecture === undefined || rest.some((part) => FOREIGN.test(part))) return undefined;
  return targetOfArchitecture(architecture);
}

/**
 * The target of that name, alias or triple (`riscv64-linux-gnu`); case does not count. A triple
 * decides by its architecture, as long as its system uses 64-bit ELF objects.
 */
export function findTarget(nameOrTriple: string): Target {
  const wanted = nameOrTriple.trim().toLowerCase();
  const found = targetOfArchitecture(wanted) ?? targetOfTriple(wanted);
  if (found !== undefined) return found;
  const likely =
    closest(wanted, ALL.flatMap(names)) ?? closest(wanted.split('-')[0]!, ALL.flatMap(names));
  const suggestion = ALL.find((target) => likely !== undefined && names(target).includes(likely));
  const known = ALL.map((target) => target.name).join(', ');
  throw new Failure(
    {
      code: 'BPF-F010',
      message: `unknown target ${quote(nameOrTriple)}`,
      help: `${suggestion === undefined ? '' : `did you mean '${suggestion.name}'? `}targets are ${known}, or a triple of one`,
    },
    'usage',
  );
}

const HOSTS: Readonly<Record<string, TargetName>> = {
  x64: 'x86-64',
  arm64: 'arm64',
  riscv64: 'riscv64',
};

/** The target that this machine is; undefined on any other CPU. */
export function hostTarget(): Target | undefined {
  const name = HOSTS[process.arch];
  return ALL.find((target) => target.name === name);
}
