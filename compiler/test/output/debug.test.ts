/** DWARF of compiled objects: what debuggers and symbolizers make of native code of BPF programs. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import type { CodeOptions } from '../../src/driver/index.ts';
import { emitHeader } from '../../src/link/index.ts';
import { hostTarget, type Target, targets } from '../../src/target/index.ts';
import {
  emit,
  fixtureNames,
  fixturePath,
  have,
  INCLUDE,
  loadObject,
  output,
  run,
  scratch,
} from './support.ts';

const { directory, remove } = scratch();
test.after(remove);

const FIXTURES = join(packageRoot(), 'fixtures');

/** Compiles a fixture with debug information into the scratch directory. */
function compiled(name: string, target: Target, changes: Partial<CodeOptions> = {}): string {
  const file = join(directory, `${name}.${target.name}.o`);
  const object = loadObject(fixturePath(name));
  writeFileSync(file, emit(object, target, 'obj', { debug: true, ...changes }));
  return file;
}

for (const target of targets()) {
  test(`${target.name}: DWARF of every fixture verifies`, () => {
    if (!have('llvm-dwarfdump-19', 'verifying DWARF')) return;
    for (const name of fixtureNames())
      for (const level of [0, 2] as const) {
        const file = compiled(name, target, { level });
        const ended = run('llvm-dwarfdump-19', ['--verify', file]);
        assert.is(ended.status, 0, `${name} -O${level}: ${ended.stdout}`);
        assert.not.match(ended.stdout, /warning|error:/, `${name} -O${level}`);
      }
  });

  test(`${target.name}: addresses of native code have a line of the BPF source`, () => {
    if (!have('llvm-symbolizer-19', 'symbolizing')) return;
    const file = compiled('counter', target);
    const addresses = output('llvm-objdump-19', ['-d', '--no-show-raw-insn', file])
      .split('\n')
      .flatMap((line) => /^\s*([0-9a-f]+):\s/.exec(line)?.[1] ?? []);
    assert.ok(addresses.length > 20);
    const lines = new Set<string>();
    const printed = output('llvm-symbolizer-19', [
      '--output-style=GNU',
      '--functions=short',
      `--obj=${file}`,
      ...addresses.map((address) => `0x${address}`),
    ]);
    for (const line of printed.split('\n')) {
      const place = /^(.*):(\d+)/.exec(line);
      if (place === null) continue;
      assert.is(place[1], './bpf/counter.bpf.c');
      lines.add(place[2]!);
    }
    // The call of a helper, the lookup, the count of a known process and of a new one, the return.
    for (const line of ['15', '17', '20', '22', '23']) assert.ok(lines.has(line), `line ${line}`);
    assert.match(printed, /^count$/m);
  });
}

test('-g0 leaves debug information out', () => {
  if (!have('llvm-readelf-19', 'sections of objects')) return;
  for (const target of targets()) {
    const sections = output('llvm-readelf-19', [
      '-SW',
      compiled('globals', target, { debug: false }),
    ]);
    assert.match(sections, /\.text/);
    assert.not.match(sections, /\.debug_(info|line|abbrev|str)/);
  }
});

test('sources are named as BTF names them', () => {
  if (!have('llvm-dwarfdump-19', 'reading DWARF')) return;
  const target = targets()[0]!;
  const printed = output('llvm-dwarfdump-19', ['--debug-info', compiled('globals', target)]);
  assert.match(printed, 'DW_AT_name\t("./bpf/globals.bpf.c")');
  assert.match(printed, 'DW_AT_producer\t("bpftime-aot")');
  assert.not.match(printed, 'DW_AT_comp_dir');
});

/** What gdb prints for a script, run on fixtures/host/typed.c with the object `globals`. */
function debugged(target: Target, level: 0 | 2, script: readonly string[]): string {
  for (const name of ['globals', 'latency']) {
    cpSync(compiled(name, target, { level }), join(directory, `${name}.o`));
    writeFileSync(join(directory, `${name}.h`), emitHeader(loadObject(fixturePath(name))));
  }
  const program = join(directory, `typed-${level}`);
  const runtime = join(packageRoot(), 'runtime-native', 'build', target.name, 'libbpftime.a');
  output('cc', [
    '-g',
    '-I',
    INCLUDE,
    '-I',
    directory,
    join(FIXTURES, 'host', 'typed.c'),
    join(directory, 'globals.o'),
    join(directory, 'latency.o'),
    runtime,
    '-o',
    program,
  ]);
  const file = join(directory, `script-${level}.gdb`);
  const settings = [
    'set confirm off',
    'set pagination off',
    'set width 0',
    'set style enabled off',
  ];
  writeFileSync(file, `${[...settings, ...script].join('\n')}\n`);
  // Sources are found from the directory in which the fixtures were compiled.
  return output('gdb', ['-nx', '-batch', '-d', FIXTURES, '-x', file, program]);
}

/** Whether gdb can run a program here: containers may forbid it to trace. */
function canDebug(use: string): boolean {
  if (!have('gdb', use) || !have('cc', use)) return false;
  const ended = run('gdb', ['-nx', '-batch', '-ex', 'starti', '-ex', 'kill', '/bin/true']);
  if (/Program stopped/.test(ended.stdout)) return true;
  console.log(`skip: ${use}: gdb cannot run programs here`);
  return false;
}

test('gdb steps through BPF source lines and knows the local calls', () => {
  const target = hostTarget();
  if (target === undefined || !canDebug('stepping with gdb')) return;
  const printed = debugged(target, 0, [
    'break level_two',
    'run',
    'next',
    'next',
    'break globals.bpf.c:39',
    'continue',
    'info line',
    'backtrace',
    'finish',
  ]);
  const source = /\.\/bpf\/globals\.bpf\.c/;
  assert.match(printed, /Breakpoint 1, level_two \(\) at \.\/bpf\/globals\.bpf\.c:\d+/);
  assert.match(printed, /^49\t\t\tframe\[index\] = seed \* 3 \+ index;$/m);
  assert.match(printed, /^50\t\tsum = level_three\(seed \+ 1\);$/m);
  assert.match(printed, /Breakpoint 2, level_three \(\) at \.\/bpf\/globals\.bpf\.c:39/);
  assert.match(printed, /Line 39 of "\.\/bpf\/globals\.bpf\.c" starts at address 0x[0-9a-f]+/);
  const frames = printed.split('\n').filter((line) => /^#\d/.test(line));
  ['level_three', 'level_two', 'level_one', 'compute', 'main'].forEach((name, index) => {
    assert.match(frames[index] ?? '', `${name} (`);
    if (name !== 'main') assert.match(frames[index]!, source);
  });
  // What `finish` shows: the caller, in the middle of the line with the call.
  assert.match(printed, /^0x[0-9a-f]+ in level_two \(\) at .*:50$/m);
});

test('gdb shows inlined local calls of optimised code', () => {
  const target = hostTarget();
  if (target === undefined || !canDebug('inlined calls in gdb')) return;
  const printed = debugged(target, 2, ['break globals.bpf.c:38', 'run', 'backtrace', 'next']);
  assert.match(printed, /^38\t\t\tframe\[index\] = seed \+ index;$/m);
  const names = [...printed.matchAll(/^#\d+\s+(?:0x[0-9a-f]+ in )?(\w+) \(/gm)].map((m) => m[1]);
  assert.equal(names, ['level_three', 'level_two', 'level_one', 'compute', 'main']);
});

test.run();
