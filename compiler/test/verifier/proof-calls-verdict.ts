/** Verdicts on programs in the corpus' notation. */
import * as assert from 'uvu/assert';
import type { BpfObject } from '../../src/object/index.ts';
import { prove } from '../../src/verifier/index.ts';
import { parseCorpus } from '../support/corpus.ts';

/** Verdict on a program in the corpus' notation: `accept`, or the code and the message. */
function verdict(text: string, change: (object: BpfObject) => BpfObject = (object) => object) {
  const [one] = parseCorpus('calls', `== it: accept\n# a test\n${text}`);
  const [proof] = prove(change(one!.object), {});
  const { rejection } = proof!;
  return rejection === undefined ? 'accept' : `${rejection.code} ${rejection.message}`;
}

/** The program is proved; `change` makes of the object what the notation has no words for. */
export function accepts(text: string, change?: (object: BpfObject) => BpfObject): void {
  assert.is(verdict(text, change), 'accept');
}

/** The program is rejected with a code and a message that match. */
export function rejects(
  pattern: RegExp,
  text: string,
  change?: (object: BpfObject) => BpfObject,
): void {
  assert.match(verdict(text, change), pattern);
}
