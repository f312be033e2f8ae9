/** Our verdict on every case of the corpus: the one that its file gives, with that very code. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prove } from '../../src/verifier/index.ts';
import { type CorpusCase, parseCorpus, readCorpus } from '../support/corpus.ts';

const corpus = readCorpus();

/** `accept`, or `reject` with the code, as the files write it. */
function verdictOf(one: CorpusCase): { readonly text: string; readonly message: string } {
  const [proof] = prove(one.object, {});
  if (proof!.verdict === 'proved') return { text: 'accept', message: '' };
  const { code, message } = proof!.rejection!;
  return { text: `reject ${code}`, message };
}

const expectedOf = ({ expected }: CorpusCase): string =>
  expected.verdict === 'accept' ? 'accept' : `reject ${expected.code}`;

for (const category of new Set(corpus.map((one) => one.category))) {
  test(`our verdicts: ${category}`, () => {
    const wrong: string[] = [];
    for (const one of corpus) {
      if (one.category !== category) continue;
      const { text, message } = verdictOf(one);
      if (text === expectedOf(one)) continue;
      wrong.push(`${one.name} (line ${one.line}): ${expectedOf(one)}, ours: ${text} ${message}`);
    }
    assert.is(wrong.length, 0, `\n${wrong.join('\n')}\n`);
  });
}

test('the corpus is large, and of both kinds', () => {
  const accepted = corpus.filter(({ expected }) => expected.verdict === 'accept').length;
  const differing = corpus.filter(({ difference }) => difference !== undefined).length;
  console.log(
    `${corpus.length} programs: ${accepted} accepted, ${corpus.length - accepted} rejected; the kernel's verdict differs in ${differing}`,
  );
  assert.ok(accepted >= 150);
  assert.ok(corpus.length - accepted >= 200);
});

test('a corpus file that is wrong is not read', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['== a: maybe\n# r\n exit', /not the start of a case/],
    ['== a: reject V021\n# r\n exit', /not the start of a case/],
    ['== a: accept\n exit', /no reason/],
    ['== a: accept\n# r\n exit\n== a: accept\n# r\n exit', /two cases are called a/],
    ['== a: accept\n# r\nkernel accept: why\n exit', /verdict that differs/],
    ['== a: accept\n# r\n  exit\n  r0 = x', /line 4: not an instruction/],
    ['map m hash key 4\n', /not a map/],
    ['map m rocks key 4 value 4 entries 4\n', /no map type rocks/],
    ['data .x rodata ten\n', /not a data section/],
    ['program lsm\n', /no kind of program/],
    ['anything\n', /anything/],
  ];
  for (const [text, message] of refused) assert.throws(() => parseCorpus('c', text), message);
});

test.run();
