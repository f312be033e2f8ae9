import { Failure } from '../diag/index.ts';

/** A rule for make: the output depends on the inputs. */
export function dependencyFile(output: string, inputs: readonly string[]): string {
  const prerequisites = [...new Set(inputs)].map((input) => ` \\\n  ${makeWord(input)}`).join('');
  return `${makeWord(output)}:${prerequisites}\n`;
}

/**
 * A file name as make reads it back: blanks, # and : take a backslash, and so does each backslash in
 * front of one; $ is doubled.
 */
function makeWord(name: string): string {
  if (/[\n\r\0]/.test(name)) {
    throw new Failure(
      {
        code: 'BPF-K006',
        message: `make cannot name a file with a line break: ${JSON.stringify(name)}`,
        help: 'rename the file, or leave out -MD',
      },
      'usage',
    );
  }
  return name
    .replace(
      /(\\*)([ \t#:])/g,
      (_, backslashes: string, character: string) => `${backslashes}${backslashes}\\${character}`,
    )
    .replaceAll('$', '$$$$');
}
