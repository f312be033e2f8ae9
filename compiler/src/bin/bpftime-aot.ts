import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/index.ts';

/** The version in package.json, read only when it is shown. */
function version(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function start(words: readonly string[]): Promise<void> {
  if (words.length === 1 && words[0] === '--version') {
    // Answered before anything else is loaded: build systems ask this often.
    try {
      writeSync(1, `${version()}\n`);
      return;
    } catch {
      // The command line says what went wrong.
    }
  }
  const { main } = await import('../cli/index.ts');
  process.exitCode = await main(words, version);
}

void start(process.argv.slice(2));
