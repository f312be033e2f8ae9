/**
 * Which helpers a type of program may call: those that the kernel lets the type call, less those that
 * helpers.def refuses to everyone, plus what the type's own file adds. The kernel's sets were found by
 * loading programs (compiler/scripts/program-types.mjs).
 */
import { helpers } from '../helpers.ts';
import text from './allowed-helpers.def';
import { entries } from './list.ts';

type Name =
  | 'kprobe'
  | 'tracepoint'
  | 'raw_tracepoint'
  | 'perf_event'
  | 'xdp'
  | 'socket_filter'
  | 'tc';

let lists: ReadonlyMap<string, readonly number[]> | undefined;

function numbers(words: readonly string[]): number[] {
  return words.flatMap((word) => {
    const [first, last] = word.split('-').map(Number) as [number, number?];
    return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index);
  });
}

function list(name: string): readonly number[] {
  lists ??= new Map(
    entries(text, 'ALLOWED').map(([first, ...words]) => [first!, numbers(words)] as const),
  );
  const found = lists.get(name);
  if (found === undefined) throw new Error(`allowed-helpers.def has no list ${name}`);
  return found;
}

/** Helpers that the kernel lets programs of this type call, sleepable or not. */
export function kernelAllows(type: Name): ReadonlySet<number> {
  return new Set([...list('every'), ...list(type)]);
}

/** The same that make sense outside the kernel, and `extra`. */
export function allowedHelpers(type: Name, extra: readonly number[] = []): ReadonlySet<number> {
  const sleeping = new Set(list('sleeping'));
  return new Set(
    [...kernelAllows(type), ...extra].filter(
      (number) => supported(number) && !sleeping.has(number),
    ),
  );
}

/** Those that only sleepable programs may call, and the others. */
export function withSleeping(awake: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...awake, ...list('sleeping').filter(supported)]);
}

/** Every helper that makes sense outside the kernel. */
export function everyHelper(): ReadonlySet<number> {
  return new Set([...helpers().keys()].filter(supported));
}

function supported(number: number): boolean {
  const helper = helpers().get(number);
  return helper !== undefined && helper.support !== 'refused';
}
