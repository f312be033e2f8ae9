/**
 * The agreement corpus: small programs of fixtures/verify, each with a reason and a verdict. One file
 * a category, to be read as documentation:
 *
 *     # What the category is about.
 *     program socket_filter                          unless a case says otherwise; a target may follow
 *     map m0 hash key 4 value 16 entries 8           flags N; lock at N, timer at N;
 *                                                    inner TYPE key K value V entries E
 *     data .rodata rodata "text\u0000"             contents as a JSON string, or a size in bytes
 *
 *     == name-of-the-case: reject BPF-V021           or: accept
 *     # Why, in a sentence.
 *     kernel accept: why ours differs on purpose     only where it does
 *       r0 = *(u64 *)(r10 - 8)                       see assemble.ts; the program itself
 *       exit
 *     static f1:                                     then its other functions
 *       exit
 *     global f2(int, ctx, memory 16) void:           a signature; `void` or `ptr` when not a number
 *       exit
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/index.ts';
import type { BpfMap, BpfObject, DataSection, ProgramKind } from '../../src/object/index.ts';
import { mapTypeName } from '../../src/object/map-types.ts';
import { assemble } from './assemble.ts';
import {
  type CorpusParameter,
  corpusTypes,
  type SpecialField,
  type TypedFunction,
} from './corpus-types.ts';
import { makeObject } from './object.ts';

export type Expected =
  | { readonly verdict: 'accept' }
  | { readonly verdict: 'reject'; readonly code: string };

/** One program of the corpus. */
export interface CorpusCase {
  /** Name of the file, without `.txt`. */
  readonly category: string;
  readonly name: string;
  readonly line: number;
  readonly reason: string;
  readonly expected: Expected;
  /** What the kernel says: the same verdict, unless `difference` explains why not; it knows no raw programs. */
  readonly kernel: 'accept' | 'reject' | 'none';
  readonly difference?: string;
  readonly object: BpfObject;
}

const DIRECTORY = join(packageRoot(), 'fixtures', 'verify');

const KINDS: readonly ProgramKind[] = [
  ...(['kprobe', 'tracepoint', 'raw_tracepoint', 'perf_event'] as const),
  ...(['xdp', 'socket_filter', 'tc', 'raw'] as const),
];

type DeclaredMap = Partial<BpfMap> & {
  readonly name: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly field?: SpecialField;
};

/** What a file or a case declares. */
interface Declarations {
  kind: ProgramKind;
  /** What it is attached to. */
  target: string;
  readonly maps: DeclaredMap[];
  readonly data: (Partial<DataSection> & { readonly name: string })[];
}

interface FunctionText extends TypedFunction {
  readonly firstLine: number;
  text: string;
}

/** A case while its lines are read. */
interface Draft extends Declarations {
  readonly name: string;
  readonly line: number;
  readonly expected: Expected;
  reason: string;
  kernel?: { readonly verdict: 'accept' | 'reject'; readonly why: string };
  readonly functions: FunctionText[];
}

const MAP =
  /^(\w+) key (\d+) value (\d+) entries (\d+)(?: flags (0x[0-9a-f]+|\d+))?(?: (lock|timer) at (\d+))?(?: inner (.+))?$/;
const FUNCTION = /^(static|global) (\w+)(?:\(([^)]*)\))?(?: (void|ptr))?:$/;

function typeNumber(name: string): number {
  for (let type = 1; mapTypeName(type) !== undefined; type++) {
    if (mapTypeName(type) === name) return type;
  }
  throw new Error(`there is no map type ${name}`);
}

function parseMap(name: string, text: string): DeclaredMap {
  const match = MAP.exec(text);
  if (match === null) throw new Error(`not a map: ${text}`);
  const [, typeName, keySize, valueSize, maxEntries, flags, field, at, inner] = match;
  return {
    name,
    type: typeNumber(typeName!),
    typeName: typeName!,
    keySize: Number(keySize),
    valueSize: Number(valueSize),
    maxEntries: Number(maxEntries),
    flags: Number(flags ?? 0),
    ...(field !== undefined && {
      field: { kind: field as SpecialField['kind'], offset: Number(at) },
    }),
    ...(inner !== undefined && { inner: innerMap(name, inner) }),
  };
}

function innerMap(outer: string, text: string): BpfMap {
  const map = parseMap(`${outer}.inner`, text);
  const plain = { extra: 0n, pinning: 0, numaNode: 0, initial: [], flags: 0 };
  return { ...plain, ...(map as BpfMap), index: -1 };
}

function parseData(text: string): Partial<DataSection> & { readonly name: string } {
  const match = /^(\S+) (rodata|data|bss) (?:(\d+)|(".*"))$/.exec(text);
  if (match === null) throw new Error(`not a data section: ${text}`);
  const [, name, kind, size, contents] = match;
  const bytes =
    contents === undefined
      ? new Uint8Array(Number(size))
      : Uint8Array.from(Buffer.from(JSON.parse(contents) as string, 'latin1'));
  return { name: name!, kind: kind as DataSection['kind'], bytes, size: bytes.length };
}

/** Whether the line declares something; does it when so. */
function declare(into: Declarations, line: string): boolean {
  const [, word, rest] = /^(\w+) (.*)$/.exec(line) ?? [];
  if (word === 'program') {
    const [, name, target] = /^(\w+)(?: (\S+))?$/.exec(rest!) ?? [];
    const kind = KINDS.find((candidate) => candidate === name);
    if (kind === undefined) throw new Error(`there is no kind of program ${rest}`);
    into.kind = kind;
    into.target = target ?? '';
  } else if (word === 'map') {
    const [, name, definition] = /^(\w+) (.*)$/.exec(rest!) ?? [];
    if (name === undefined) throw new Error(`not a map: ${rest}`);
    into.maps.push(parseMap(name, definition!));
  } else if (word === 'data') {
    into.data.push(parseData(rest!));
  } else {
    return false;
  }
  return true;
}

function startCase(line: string, number: number, file: Declarations): Draft {
  const match = /^== ([a-z0-9-]+): (?:(accept)|reject (BPF-V\d{3}))$/.exec(line);
  if (match === null) throw new Error(`not the start of a case: ${line}`);
  const [, name, accepted, code] = match;
  return {
    name: name!,
    line: number,
    expected: accepted === undefined ? { verdict: 'reject', code: code! } : { verdict: 'accept' },
    reason: '',
    kind: file.kind,
    target: file.target,
    maps: [...file.maps],
    data: [...file.data],
    functions: [{ name: 'main', linkage: 'global', firstLine: number + 1, text: '' }],
  };
}

function parseParameters(text: string): readonly CorpusParameter[] {
  if (text.trim() === '') return [];
  return text.split(',').map((part) => {
    const word = part.trim();
    const memory = /^memory (\d+)$/.exec(word);
    if (memory !== null) return { memory: Number(memory[1]) };
    if (word === 'int' || word === 'ctx' || word === 'ptr') return word;
    throw new Error(`not a parameter: ${word}`);
  });
}

function caseLine(draft: Draft, line: string, number: number): void {
  if (line.startsWith('#')) {
    draft.reason = `${draft.reason} ${line.slice(1).trim()}`.trim();
    return;
  }
  const head = FUNCTION.exec(line);
  if (head !== null) {
    const [, linkage, name, parameters, result] = head;
    draft.functions.push({
      name: name!,
      linkage: linkage as 'static' | 'global',
      ...(parameters !== undefined && { parameters: parseParameters(parameters) }),
      ...(result !== undefined && { result: result as 'void' | 'ptr' }),
      firstLine: number + 1,
      text: '',
    });
    return;
  }
  const kernel = /^kernel (accept|reject): (.+)$/.exec(line);
  if (kernel !== null) {
    draft.kernel = { verdict: kernel[1] as 'accept' | 'reject', why: kernel[2]! };
    return;
  }
  if (declare(draft, line)) return;
  // Every line that is not code is an empty one of it, so that errors name the file's lines.
  const body = draft.functions.at(-1)!;
  body.text += '\n'.repeat(number - body.firstLine - body.text.split('\n').length + 1) + line;
}

function finish(draft: Draft, category: string): CorpusCase {
  const { name, line, expected, reason, kernel } = draft;
  if (reason === '') throw new Error(`case ${name} has no reason`);
  if (kernel?.verdict === expected.verdict) {
    throw new Error(`case ${name}: 'kernel' is for a verdict that differs`);
  }
  return {
    category,
    name,
    line,
    reason,
    expected,
    kernel: draft.kind === 'raw' ? 'none' : (kernel?.verdict ?? expected.verdict),
    ...(kernel !== undefined && { difference: kernel.why }),
    object: buildCase(draft, category),
  };
}

function buildCase(draft: Draft, category: string): BpfObject {
  const names = {
    functions: draft.functions.map(({ name }) => name),
    maps: draft.maps.map(({ name }) => name),
    data: draft.data.map(({ name }) => name),
  };
  const types = corpusTypes(draft.kind, draft.maps, draft.functions);
  const made = makeObject({
    kind: draft.kind,
    maps: draft.maps.map(({ field: _, ...map }, index) => ({ ...map, ...types?.maps[index] })),
    data: draft.data,
    functions: draft.functions.map(({ text, firstLine }) => assemble(text, names, firstLine)),
  });
  return {
    ...made,
    file: `${category}.txt`,
    name: 'corpus',
    license: 'GPL',
    // What the kernel of the tests has: contexts of probes are registers of this CPU.
    ptRegs: 'x86-64',
    functions: made.functions.map((body, index) => {
      const { name, linkage } = draft.functions[index]!;
      const type = types?.functions[index];
      return { ...body, name, linkage, ...(type !== undefined && { btfFunction: type }) };
    }),
    ...(types !== undefined && { btf: types.btf }),
    programs: made.programs.map((program) => ({
      ...program,
      attach: { ...program.attach, type: draft.kind, target: draft.target },
    })),
    place: () => ({ file: `${category}.txt`, line: draft.line }),
  };
}

/** The cases of one file's text. */
export function parseCorpus(category: string, text: string): readonly CorpusCase[] {
  const file: Declarations = { kind: 'socket_filter', target: '', maps: [], data: [] };
  const drafts: Draft[] = [];
  const cases: CorpusCase[] = [];
  let number = 0;
  const explained = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      const where = drafts.at(-1)?.name ?? 'before the first case';
      throw new Error(`${category}.txt:${number} (${where}): ${(error as Error).message}`);
    }
  };
  const finishLast = () => {
    const last = drafts.at(-1);
    if (last !== undefined) explained(() => cases.push(finish(last, category)));
  };
  for (const raw of text.split('\n')) {
    number++;
    const line = raw.trim();
    const draft = drafts.at(-1);
    if (line.startsWith('==')) {
      finishLast();
      drafts.push(explained(() => startCase(line, number, file)));
    } else if (line === '') {
    } else if (draft !== undefined) {
      explained(() => caseLine(draft, line, number));
    } else if (!line.startsWith('#')) {
      if (!explained(() => declare(file, line)))
        throw new Error(`${category}.txt:${number}: ${line}`);
    }
  }
  finishLast();
  const seen = new Set<string>();
  for (const { name } of cases) {
    if (seen.has(name)) throw new Error(`${category}.txt: two cases are called ${name}`);
    seen.add(name);
  }
  return cases;
}

/** Every case of fixtures/verify, in the order of the files' names. */
export function readCorpus(): readonly CorpusCase[] {
  return readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .flatMap((name) =>
      parseCorpus(name.slice(0, -'.txt'.length), readFileSync(join(DIRECTORY, name), 'utf8')),
    );
}
