/**
 * Every case of the corpus, asked of the running kernel. The verdicts in the files are those of Linux
 * 6.18; an older or newer kernel may differ, which is told and not failed.
 */
import { release } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { askKernel } from '../../src/kernel/index.ts';
import { readCorpus } from '../support/corpus.ts';

const KERNEL = '6.18';
const corpus = readCorpus();

/** Why this kernel cannot be asked at all; undefined when it can. */
function obstacle(): string | undefined {
  const [first] = corpus;
  const answer = askKernel(first!.object, { program: 0, logLevel: 0 });
  return answer.verdict === 'unavailable'
    ? (answer.reason ?? 'the kernel gives no answer')
    : undefined;
}

const why = obstacle();
if (why !== undefined) console.log(`skip: verdicts of the kernel: ${why}`);

(why === undefined ? test : test.skip)('the kernel says what the files say it says', () => {
  const counts = { accepted: 0, rejected: 0 };
  const wrong: string[] = [];
  for (const one of corpus) {
    if (one.kernel === 'none') continue;
    const name = `${one.category}/${one.name}`;
    const logLevel = process.env.CORPUS_SHOW === name ? 2 : 0;
    const answer = askKernel(one.object, { program: 0, logLevel });
    if (answer.verdict === 'unavailable') {
      wrong.push(`${name}: no answer: ${answer.reason}`);
      continue;
    }
    counts[answer.verdict]++;
    const log = answer.log.trim().split('\n');
    if (process.env.CORPUS_LOG !== undefined && answer.verdict === 'rejected') {
      const reason = log.filter(
        (line) => !/^(processed|verification|stack|mark_prec|max_)/.test(line),
      );
      console.log(`${name} ${JSON.stringify(one.expected)}: ${reason.at(-1)}`);
    }
    if (process.env.CORPUS_SHOW === name) console.log(answer.log);
    if (answer.verdict === `${one.kernel}ed`) continue;
    wrong.push(
      `${name} (line ${one.line}): expected ${one.kernel}\n    ${log.slice(-6).join('\n    ')}`,
    );
  }
  const differences = corpus.filter(({ difference }) => difference !== undefined);
  console.log(
    `Linux ${release()}: ${counts.accepted} accepted, ${counts.rejected} rejected; ours differs on purpose in ${differences.length}`,
  );
  for (const { category, name, kernel, difference } of differences) {
    console.log(`  ${category}/${name}: the kernel ${kernel}s: ${difference}`);
  }
  if (!release().startsWith(`${KERNEL}.`) && wrong.length > 0) {
    console.log(`skip: verdicts are those of Linux ${KERNEL}; different here:`);
    console.log(wrong.join('\n'));
    return;
  }
  assert.is(wrong.length, 0, `\n${wrong.join('\n')}\n`);
});

test.run();
