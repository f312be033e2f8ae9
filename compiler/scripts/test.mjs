// Runs every bundled test file in a process of its own, two at a time, with a time limit each: a
// test that hangs or crashes is one failed file, and what ran before it is still shown.
// usage: node compiler/scripts/test.mjs [part of a file name ...]
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleTests } from './bundle.mjs';

const LIMIT_MS = Number(process.env.TEST_TIMEOUT_MS ?? 600_000);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const directory = join(root, 'compiler', 'dist', 'test');

await bundleTests();
const wanted = process.argv.slice(2);
const files = readdirSync(directory, { recursive: true })
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}

const totals = { passed: 0, failed: 0, skipped: 0 };
const failedFiles = [];

function runFile(name) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(process.execPath, ['--enable-source-maps', join(directory, name)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, LIMIT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      // uvu closes with "Total: n", "Passed: n", "Skipped: n"; a crash leaves these out.
      const count = (word) =>
        [...output.matchAll(new RegExp(`^\\s*${word}:\\s+(\\d+)`, 'gm'))].reduce(
          (sum, match) => sum + Number(match[1]),
          0,
        );
      const passed = count('Passed');
      const total = count('Total');
      const ok = code === 0 && total > 0;
      totals.passed += passed;
      totals.skipped += count('Skipped');
      totals.failed += ok ? 0 : Math.max(1, total - passed);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const how = timedOut ? `no end after ${LIMIT_MS / 1000} s` : (signal ?? `exit ${code}`);
      console.log(
        `${ok ? 'ok  ' : 'FAIL'} ${name.replace('.mjs', '')} ${passed} passed, ${seconds} s${ok ? '' : ` (${how})`}`,
      );
      for (const line of output.split('\n'))
        if (line.startsWith('skip: ')) console.log(`     ${line}`);
      if (!ok) {
        failedFiles.push(name);
        console.log(output);
      }
      resolve();
    });
  });
}

const queue = [...files];
const workers = Array.from({ length: Math.min(availableParallelism(), 4) }, async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await runFile(next);
});
await Promise.all(workers);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(failedFiles.length === 0 ? 0 : 1);
