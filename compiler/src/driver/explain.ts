import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closest, packageRoot } from '../base/index.ts';
import { Failure, quote } from '../diag/index.ts';

const PAGE = /^(BPF-[A-Z]\d{3})\.md$/;

function directory(): string {
  return join(packageRoot(), 'compiler', 'docs');
}

/** The codes that have a page, in order. */
export function explainedCodes(): readonly string[] {
  return readdirSync(directory())
    .flatMap((name) => PAGE.exec(name)?.[1] ?? [])
    .sort();
}

/**
 * The page of a code, as Markdown. `V024`, `v024` and `24` stand for `BPF-V024`: the codes of the
 * verifier are the ones that need explaining.
 */
export function explain(code: string): { readonly code: string; readonly text: string } {
  const short = /^(?:BPF-)?([A-Z]?)(\d{1,3})$/i.exec(code.trim());
  const full =
    short === null
      ? undefined
      : `BPF-${(short[1] || 'V').toUpperCase()}${short[2]!.padStart(3, '0')}`;
  const file = full === undefined ? undefined : join(directory(), `${full}.md`);
  if (file !== undefined && existsSync(file)) {
    return { code: full!, text: readFileSync(file, 'utf8') };
  }
  const near = closest(full ?? code, explainedCodes());
  throw new Failure(
    {
      code: 'BPF-D013',
      message: `there is no page about ${quote(code)}`,
      help:
        near === undefined
          ? 'bpftime-aot explain --list names the codes that have one'
          : `did you mean ${near}? bpftime-aot explain --list names the codes that have a page`,
    },
    'usage',
  );
}
