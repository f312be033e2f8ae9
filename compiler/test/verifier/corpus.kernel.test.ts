import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCorpus } from '../support/corpus.ts';
import { loadInKernel } from '../support/corpus-kernel.ts';

test('the kernel', () => {
  const counts: Record<string, number> = {};
  let bad = 0;
  for (const one of readCorpus()) {
    const { verdict, log } = loadInKernel(one.object);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    const show =
      process.env.CORPUS_SHOW && `${one.category}/${one.name}`.includes(process.env.CORPUS_SHOW);
    if ((verdict === 'skip' || verdict === one.kernel) && !show) {
      if (verdict === 'reject' && process.env.CORPUS_LOG)
        console.log(
          `${one.category}/${one.name} ${JSON.stringify(one.expected)}: ${log
            .trim()
            .split('\n')
            .filter((l) => !/^(processed|verification time|stack depth|mark_prec|max_)/.test(l))
            .slice(-1)
            .join(' | ')}`,
        );
      continue;
    }
    bad++;
    console.log(
      `${one.category}/${one.name}:${one.line} file ${one.kernel}, kernel ${verdict}\n  ${log
        .trim()
        .split('\n')
        .slice(show ? -60 : -6)
        .join('\n  ')}`,
    );
  }
  console.log(counts);
  assert.is(bad, 0);
});
test.run();
