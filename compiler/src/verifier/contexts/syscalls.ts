/** Arguments of system calls, for the records of their tracepoints. */
import { entries } from './list.ts';
import text from './syscall-arguments.def';

let counts: ReadonlyMap<string, number> | undefined;

/** How many arguments a system call has, by the kernel's name for it; undefined when it is not known. */
export function syscallArguments(name: string): number | undefined {
  counts ??= new Map(
    entries(text, 'ARGUMENTS').flatMap(([count, ...names]) =>
      names.map((known) => [known, Number(count)] as const),
    ),
  );
  return counts.get(name);
}
