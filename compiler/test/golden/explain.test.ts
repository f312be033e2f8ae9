/**
 * The pages about codes: each has its parts, and what it shows is true. The object of a page's example
 * is in fixtures/explain: the program `example` is rejected with the page's code, in the page's words;
 * all others in it are proved. BLESS=1 writes the words into the pages.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink, type Diagnostic, Failure, renderText } from '../../src/diag/index.ts';
import { explain, explainedCodes, load } from '../../src/driver/index.ts';
import { askKernel } from '../../src/kernel/index.ts';
import { type BpfObject, selectPrograms } from '../../src/object/index.ts';
import { analyse, type ProgramProof, prove } from '../../src/verifier/index.ts';

const root = packageRoot();
const examples = join(root, 'fixtures', 'explain');

/** Examples that the running kernel accepts, and why that is no mistake. */
const KERNEL_ACCEPTS: Readonly<Record<string, string>> = {
  'BPF-V004': 'it has the task structure',
  'BPF-V008': 'its compiler handles tail calls of subprograms',
  'BPF-V016': 'it lets tracing programs read the fields of struct bpf_map',
  'BPF-V021': 'from 6.3 on, privileged programs may read stack that was not written',
};

function fixture(code: string): BpfObject {
  const file = join(examples, `${code}.bpf.o`);
  return load(readFileSync(file), file, { programs: [] }, new CollectingSink());
}

const proofs = new Map<string, readonly ProgramProof[]>();

/** The proofs of all programs of an example's object, made once. */
function proofsOf(code: string): readonly ProgramProof[] {
  let known = proofs.get(code);
  if (known === undefined) {
    known = prove(fixture(code));
    proofs.set(code, known);
  }
  return known;
}

/** Why the program `example` is rejected: by the proof, or where it is compiled without one. */
function rejectionOf(code: string): Diagnostic {
  const proved = proofsOf(code).find(({ program }) => program === 'example')?.rejection;
  if (proved?.code === code) return proved;
  try {
    analyse(selectPrograms(fixture(code), ['example']), { skip: true }, new CollectingSink());
  } catch (error) {
    if (error instanceof Failure && error.diagnostic.code === code) return error.diagnostic;
  }
  throw new Error(`${code}: its example is ${proved === undefined ? 'proved' : proved.code}`);
}

/** The words of a rejection, with the name of the file that pages use. */
function words(diagnostic: Diagnostic): string {
  return renderText([diagnostic], { color: false }).replace(/\S*\/BPF-V\d+\.bpf\.c/g, 'prog.bpf.c');
}

const codes = explainedCodes();

/** Codes with the letter in the sources of a room. */
function codesOf(room: string, letter: string): ReadonlySet<string> {
  const directory = join(root, 'compiler', 'src', room);
  const found = new Set<string>();
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(directory, name), 'utf8');
    for (const [code] of text.matchAll(new RegExp(`BPF-${letter}\\d{3}`, 'g'))) found.add(code);
  }
  return found;
}

test('every code of the verifier has a page, and every page is about a code that there is', () => {
  const verifier = codesOf('verifier', 'V');
  assert.ok(verifier.size > 30);
  const pages = new Set(codes);
  const missing = [...verifier].filter((code) => !pages.has(code));
  assert.equal(missing.sort(), [], 'codes without a page in compiler/docs');
  const driver = codesOf('driver', 'D');
  const idle = codes.filter((code) => !verifier.has(code) && !driver.has(code));
  assert.equal(idle, [], 'pages about codes that nothing is reported with');
});

test('every page has its title and its three parts, in order', () => {
  for (const code of codes) {
    const { text } = explain(code);
    const shape = new RegExp(
      `^# ${code} [A-Z].*\\n\\n[\\s\\S]+\\n## Example\\n\\n[\\s\\S]*\`\`\`text\\n[\\s\\S]+\\n## Reason\\n\\n[\\s\\S]{60,}\\n## Cure\\n\\n[\\s\\S]{60,}`,
    );
    assert.match(text, shape);
    assert.ok(text.includes(`[${code}]`), `${code}: its message has the code`);
    for (const line of text.split('\n')) assert.ok(line.length <= 300, `${code}: ${line}`);
  }
});

for (const name of readdirSync(examples).sort()) {
  const code = /^(BPF-V\d{3})\.bpf\.o$/.exec(name)?.[1];
  if (code === undefined) continue;
  test(`${code} is what its example is rejected with`, () => {
    const shown = words(rejectionOf(code));
    const { text } = explain(code);
    const block = /```text\n([\s\S]*?)```/.exec(text)!;
    if (process.env.BLESS) {
      const file = join(root, 'compiler', 'docs', `${code}.md`);
      // A function, so that no character of the words has a meaning.
      writeFileSync(
        file,
        text.replace(block[0], () => `\`\`\`text\n${shown}\`\`\``),
      );
    } else {
      assert.fixture(block[1]!, shown, `${code}: make bless updates the page`);
    }
  });

  test(`${code}: what the page shows is the source of the object, and the cure is one`, () => {
    const source = readFileSync(join(examples, `${code}.bpf.c`), 'utf8');
    const shown = [...explain(code).text.matchAll(/```c\n([\s\S]*?)```/g)].map(
      (match) => match[1]!,
    );
    assert.ok(shown.length > 0);
    for (const block of shown) assert.ok(source.includes(block), `${code}:\n${block}`);
    for (const proof of proofsOf(code)) {
      if (proof.program === 'example') continue;
      assert.is(proof.verdict, 'proved', `${code} ${proof.program}: ${proof.rejection?.message}`);
    }
  });
}

test('the message in the readme is the one of the page', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const shown = /\n {4}(prog\.bpf\.c:[\s\S]*?)\n\n`bpftime-aot explain (BPF-V\d+)`/.exec(readme)!;
  const { text } = explain(shown[2]!);
  for (const line of shown[1]!.split('\n')) {
    assert.ok(text.includes(`${line.trim()}\n`), line);
  }
});

test('a page without an object of its own is about what no object shows', () => {
  const bare = codes.filter((code) => !existsSync(join(examples, `${code}.bpf.o`)));
  assert.equal(bare, [
    ...['BPF-D001', 'BPF-V006', 'BPF-V011', 'BPF-V012', 'BPF-V013', 'BPF-V055', 'BPF-V099'],
  ]);
});

const probe = askKernel(fixture('BPF-V020'), { program: 0 });
if (probe.verdict === 'unavailable') console.log(`skip: ${probe.reason}`);
(probe.verdict === 'unavailable' ? test.skip : test)('the kernel agrees with the pages', () => {
  const accepted: string[] = [];
  for (const code of codes) {
    if (!existsSync(join(examples, `${code}.bpf.o`))) continue;
    const object = fixture(code);
    for (const { name, index } of object.programs) {
      const { verdict, log } = askKernel(object, { program: index, logLevel: 0 });
      if (verdict === 'unavailable') continue;
      if (name !== 'example') assert.is(verdict, 'accepted', `${code} ${name}: ${log}`);
      else if (verdict === 'accepted') accepted.push(code);
    }
  }
  // Kernels differ: an older one rejects some of these.
  assert.equal(
    accepted.filter((code) => KERNEL_ACCEPTS[code] === undefined),
    [],
  );
});

test.run();
