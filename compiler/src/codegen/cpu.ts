import { closest } from '../base/index.ts';
import { Failure } from '../diag/index.ts';
import { hostTarget, type Target } from '../target/index.ts';
import { addon } from './addon.ts';

/** A CPU model and features as LLVM takes them. */
export interface Cpu {
  readonly cpu: string;
  readonly features: string;
}

/** The CPU of this machine; undefined when it is not one of the target's. */
export function hostCpu(target: Target): Cpu | undefined {
  return hostTarget()?.name === target.name ? addon().host() : undefined;
}

/**
 * Checks what the user says of the CPU and completes it with the target's defaults. LLVM would only
 * warn about a name it does not know, or end the process.
 */
export function checkCpu(
  target: Target,
  wanted: { readonly cpu?: string; readonly features?: string },
): Cpu {
  const llvm = addon();
  let cpu = target.cpu;
  let features = known(target, target.features);
  if (wanted.cpu === 'native') {
    const host = hostCpu(target);
    if (host === undefined) {
      throw usage(
        'BPF-C002',
        `this machine is no ${target.name}: its CPU cannot be \`native\``,
        '',
      );
    }
    cpu = host.cpu;
    features = joined(features, host.features);
  } else if (wanted.cpu !== undefined) {
    cpu = wanted.cpu;
  }
  const extra = (wanted.features ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  for (const feature of extra) {
    if (!/^[+-]./.test(feature)) {
      throw usage(
        'BPF-C004',
        `feature '${feature}' must start with + or -`,
        `write +${feature} to use it, -${feature} to do without`,
      );
    }
  }
  if (!namesOf(target).cpus.has(cpu)) {
    const usable = [...namesOf(target).cpus].filter(
      (name) => llvm.checkCpu(target.triple, name, '', '') === '',
    );
    throw usage(
      'BPF-C003',
      `unknown CPU '${cpu}' for ${target.name}`,
      suggest(cpu, usable, 'CPUs'),
    );
  }
  for (const feature of extra) {
    if (isFeature(target, feature)) continue;
    const names = [...namesOf(target).features];
    throw usage(
      'BPF-C004',
      `unknown feature '${feature.slice(1)}' for ${target.name}`,
      suggest(feature.slice(1), names, 'features'),
    );
  }
  features = joined(features, extra.join(','));
  const wrong = llvm.checkCpu(target.triple, cpu, features, target.abi);
  if (wrong !== '') throw usage('BPF-C006', `${target.name}: ${wrong}`, '');
  return { cpu, features };
}

interface Names {
  readonly cpus: ReadonlySet<string>;
  readonly features: ReadonlySet<string>;
}

const namesByTriple = new Map<string, Names>();

/** What LLVM knows for a target, asked once. */
function namesOf(target: Target): Names {
  let names = namesByTriple.get(target.triple);
  if (names === undefined) {
    const { cpus, features } = addon().names(target.triple);
    names = { cpus: new Set(cpus), features: new Set(features) };
    namesByTriple.set(target.triple, names);
  }
  return names;
}

/** Those of our own feature names that this LLVM knows: `zicsr`, say, was no feature of its own in 14. */
export function known(target: Target, features: string): string {
  return features
    .split(',')
    .filter((feature) => feature !== '' && isFeature(target, feature))
    .join(',');
}

/** Whether LLVM knows a feature, with its sign, of a target. */
function isFeature(target: Target, feature: string): boolean {
  return namesOf(target).features.has(feature.slice(1));
}

function joined(...lists: readonly string[]): string {
  return lists.filter((list) => list !== '').join(',');
}

function usage(code: string, message: string, help: string): Failure {
  return new Failure({ code, message, ...(help !== '' && { help }) }, 'usage');
}

/** A short list in full, of a long one what comes nearest or begins alike. */
function suggest(word: string, known: readonly string[], kind: string): string {
  const near = closest(word, known);
  const alike = known.filter((name) => name.startsWith(word.slice(0, 3)) && name !== near);
  const list = known.length <= 24 ? known : alike.slice(0, 12);
  const sentences = [];
  if (near !== undefined) sentences.push(`did you mean '${near}'?`);
  if (list.length > 0)
    sentences.push(`${known.length <= 24 ? kind : `some ${kind}`}: ${list.join(', ')}`);
  return sentences.join(' ');
}
