import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CollectingSink,
  type Diagnostic,
  exitCode,
  Failure,
  quote,
  renderJson,
  renderText,
} from '../../src/diag/index.ts';

const plain = { color: false };
const ESCAPE = '\x1b';

function lines(diagnostic: Diagnostic): string[] {
  return renderText([diagnostic], plain).split('\n');
}

const failure: Diagnostic = { code: 'BPF-V003', severity: 'error', message: 'bad access' };

test('a place in C source is shown with its line and a caret', () => {
  const place = { file: 'a.bpf.c', line: 12, column: 5, sourceText: '    x = *p;' };
  assert.equal(lines({ ...failure, place, help: 'check p first' }), [
    'a.bpf.c:12:5: error: bad access [BPF-V003]',
    '   12 |     x = *p;',
    '      |     ^',
    'help: check p first',
    '',
  ]);
});

test('a place without a column has no caret, one without text no excerpt', () => {
  assert.equal(lines({ ...failure, place: { file: 'a.c', line: 3, sourceText: 'x' } }), [
    'a.c:3: error: bad access [BPF-V003]',
    '    3 | x',
    '',
  ]);
  assert.equal(lines({ ...failure, place: { file: 'a.c', line: 3, column: 1 } }), [
    'a.c:3:1: error: bad access [BPF-V003]',
    '',
  ]);
});

test('a place in a section names offset and instruction', () => {
  const place = { file: 'a.o', section: '.text', offset: 24, instruction: 'r0 = *(u64 *)(r1 + 8)' };
  assert.equal(lines({ ...failure, place }), [
    'a.o: section .text+0x18 (r0 = *(u64 *)(r1 + 8)): error: bad access [BPF-V003]',
    '',
  ]);
  assert.match(
    lines({ ...failure, place: { file: 'a.o', section: 'xdp' } })[0]!,
    /^a\.o: section xdp: error: /,
  );
  assert.match(lines({ ...failure, place: { file: 'a.o' } })[0]!, /^a\.o: error: /);
  assert.match(lines(failure)[0]!, /^bpftime-aot: error: /);
});

test('notes stand below, at their own place or at that of the diagnostic', () => {
  const place = { file: 'a.c', line: 2, column: 1, sourceText: 'abc' };
  const notes = [
    { message: 'assigned here', place: { file: 'a.c', line: 1, column: 2, sourceText: 'xyz' } },
    { message: 'r1 is a scalar' },
  ];
  assert.equal(lines({ ...failure, severity: 'warning', place, notes }), [
    'a.c:2:1: warning: bad access [BPF-V003]',
    '    2 | abc',
    '      | ^',
    'a.c:1:2: note: assigned here',
    '    1 | xyz',
    '      |  ^',
    'a.c:2:1: note: r1 is a scalar',
    '',
  ]);
});

test('the caret stands below its byte, past tabs, wide characters and escapes', () => {
  const caretOf = (sourceText: string, column: number) => {
    const [, source, caret] = lines({
      ...failure,
      place: { file: 'a.c', line: 1, column, sourceText },
    });
    return source![caret!.indexOf('^')];
  };
  assert.is(caretOf('\tx = y;', 2), 'x');
  assert.is(caretOf('a\tb', 3), 'b');
  assert.is(caretOf('/* é */ z', 10), 'z');
  assert.is(caretOf('\x07q', 2), 'q');
  assert.is(caretOf(`${'a'.repeat(500)}Z${'b'.repeat(500)}`, 501), 'Z');
  // Past the end of the line: just behind it.
  const [, , caret] = lines({
    ...failure,
    place: { file: 'a.c', line: 1, column: 99, sourceText: 'ab' },
  });
  assert.is(caret, '      |   ^');
});

test('an excerpt of wide characters is cut between them', () => {
  for (const lead of ['', 'a']) {
    const sourceText = lead + '😀'.repeat(400);
    const place = { file: 'a.c', line: 1, column: 900, sourceText };
    assert.not.match(renderText([{ ...failure, place }], plain), /\p{Cs}/u);
  }
});

test('colours appear only when asked for, and take nothing away', () => {
  const diagnostic = { ...failure, place: { file: 'a.c', line: 1, column: 1, sourceText: 'x' } };
  const colored = renderText([diagnostic], { color: true });
  assert.ok(colored.includes(ESCAPE));
  assert.not.ok(renderText([diagnostic], plain).includes(ESCAPE));
  assert.is(
    colored.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), ''),
    renderText([diagnostic], plain),
  );
});

test('control characters, directions and lone surrogates are escaped everywhere', () => {
  const evil = `${ESCAPE}[2J\n\r\t\u202e\u0085\u2028\ud800\0`;
  const escaped = '\\x1b[2J\\n\\r\\t\\u{202e}\\x85\\u{2028}\\u{d800}\\x00';
  const diagnostic: Diagnostic = {
    code: evil,
    severity: 'error',
    message: evil,
    place: { file: evil, section: evil, instruction: evil },
    notes: [{ message: evil }],
    help: evil,
  };
  const text = renderText([diagnostic], plain);
  assert.is(text.split('\n').length, 4);
  assert.is(text.split(escaped).length - 1, 4 + 2 + 1 + 3);
  assert.is(JSON.parse(renderJson([diagnostic]))[0].message, escaped);
  assert.is(quote(evil), `'${escaped}'`);
});

test('a megabyte of name stays a line', () => {
  const long = 'n'.repeat(1 << 20);
  const place = { file: long, line: 1, column: 1 << 19, sourceText: long };
  const diagnostic: Diagnostic = { ...failure, message: `${long} end`, place, help: long };
  for (const line of lines(diagnostic)) assert.ok(line.length < 2500, String(line.length));
  assert.match(lines(diagnostic)[0]!, / end \[BPF-V003\]$/);
  assert.ok(renderJson([diagnostic]).length < 6000);
  assert.is(quote(long).length, 82);
});

test('any text renders to lines without control characters', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(text, text, text, fc.nat(500), (message, file, sourceText, column) => {
      const diagnostic = { ...failure, message, place: { file, line: 1, column, sourceText } };
      for (const line of lines(diagnostic)) assert.not.match(line, /[\p{Cc}\p{Cf}\p{Cs}]/u);
      JSON.parse(renderJson([diagnostic]));
    }),
  );
});

test('JSON has a fixed order of keys and nothing that was not given', () => {
  const place = { offset: 8, section: 'xdp', file: 'a.o' };
  assert.is(
    renderJson([{ help: 'h', notes: [{ message: 'n', place }], place, ...failure }]),
    '[{"severity":"error","code":"BPF-V003","message":"bad access",' +
      '"place":{"file":"a.o","section":"xdp","offset":8},' +
      '"notes":[{"message":"n","place":{"file":"a.o","section":"xdp","offset":8}}],"help":"h"}]\n',
  );
  assert.is(renderJson([]), '[]\n');
});

test('failures carry their kind, kinds their exit code', () => {
  assert.is(new Failure({ code: 'BPF-E001', message: 'm' }).kind, 'input');
  assert.is(new Failure({ code: 'BPF-E001', message: 'm' }).diagnostic.severity, 'error');
  assert.equal((['input', 'usage', 'tool', 'internal'] as const).map(exitCode), [1, 2, 3, 70]);
});

test('a sink keeps the order', () => {
  const sink = new CollectingSink();
  sink.add(failure);
  sink.add({ ...failure, severity: 'note' });
  assert.equal(
    sink.diagnostics.map(({ severity }) => severity),
    ['error', 'note'],
  );
});

test.run();
