/**
 * The fixtures, each as five toolchains and instruction sets make it, do the same on every CPU as in
 * the reference interpreter. All objects of a target are linked into one executable.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink } from '../../src/diag/index.ts';
import { compile, type LoadOptions, load, type RunResult } from '../../src/driver/index.ts';
import { decodeResponses, encodeRequests } from '../../src/driver/run.ts';
import { Interpreter } from '../../src/interp/index.ts';
import { linkRunner } from '../../src/link/index.ts';
import type { BpfObject } from '../../src/object/index.ts';
import type { Target } from '../../src/target/index.ts';
import { execute as executeTool } from '../../src/toolchain/index.ts';
import { ptRegsOf } from '../support/pt-regs.ts';
import { withAccessors } from './accessors.ts';
import { hex, options, runnableTargets } from './native.ts';
import { SCENARIOS, type Step } from './scenarios.ts';

const OBJECTS = join(packageRoot(), 'fixtures', 'obj');
const VARIANTS = readdirSync(OBJECTS).sort();
const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
const targets = await runnableTargets();

const loadOptions: Readonly<Record<string, Partial<LoadOptions>>> = {
  core: { btf: KERNEL_BTF },
  kconfig: {
    kernelConfig: join(packageRoot(), 'compiler', 'test', 'native', 'data', 'kernel.config'),
    kernelVersion: '6.1.0',
  },
};

function loadFixture(variant: string, name: string): BpfObject {
  const bytes = readFileSync(join(OBJECTS, variant, `${name}.bpf.o`));
  const file = `${variant}_${name}.bpf.o`;
  return load(bytes, file, { programs: [], ...loadOptions[name] }, new CollectingSink());
}

/** Puts the program `endless` into the slot that it tail-calls, as a loader would. */
function endlessChain(object: BpfObject): BpfObject {
  const entry = object.programs.find((program) => program.name === 'endless')?.entry;
  if (entry === undefined) return object;
  return {
    ...object,
    maps: object.maps.map((map) =>
      map.name === 'steps'
        ? { ...map, initial: [...map.initial, { key: 0, function: entry }] }
        : map,
    ),
  };
}

interface Run {
  readonly title: string;
  readonly object: BpfObject;
  readonly steps: readonly Step[];
}

function programNumber(object: BpfObject, name: string): number {
  const number = object.programs.findIndex((program) => program.name === name);
  assert.ok(number >= 0, `${object.file} has a program ${name}`);
  return number;
}

/** Compiles each object at a level of its own, links all, and runs the steps of all in one process. */
async function runAll(runs: readonly Run[], target: Target): Promise<RunResult[][]> {
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-fixtures-'));
  try {
    const files = runs.map(({ object }, index) => {
      const file = join(directory, `${index}.o`);
      const level = (index % 4) as 0 | 1 | 2 | 3;
      const code = compile(
        object,
        options(target, { level, debug: index % 2 === 0 }),
        'obj',
        new CollectingSink(),
      );
      writeFileSync(file, code);
      return file;
    });
    const executable = join(directory, 'all');
    await linkRunner(files, executable, target);
    let first = 0;
    const requests = runs.flatMap(({ object, steps }) => {
      const own = steps.map(({ program, memory }) => ({
        program: first + programNumber(object, program),
        memory: memory ?? new Uint8Array(0),
        repeat: 1,
      }));
      first += object.programs.length;
      return own;
    });
    const end = await executeTool(target, executable, encodeRequests(requests), {
      timeoutMs: 120_000,
    });
    const results = decodeResponses(end.stdout, requests);
    assert.is(results.length, requests.length, `${target.name}: it ran to the end ${end.stderr}`);
    let at = 0;
    return runs.map(({ steps }) => {
      at += steps.length;
      return results.slice(at - steps.length, at);
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const runs: Run[] = [];
for (const [name, steps] of Object.entries(SCENARIOS)) {
  if (name === 'core' && !existsSync(KERNEL_BTF)) {
    console.log(`skip: fixture core: this kernel has no ${KERNEL_BTF}`);
    continue;
  }
  for (const variant of VARIANTS) {
    const object = endlessChain(withAccessors(loadFixture(variant, name)));
    runs.push({ title: `${variant} ${name}`, object, steps });
  }
}

const expected = runs.map(({ title, object, steps }) => {
  const interpreter = new Interpreter(object);
  return steps.map(({ program, memory }) => {
    const result = interpreter.run({ program, ...(memory && { memory }) });
    assert.is(result.fault?.message, undefined, `${title} ${program}`);
    return { r0: result.r0!, memory: hex(result.memory) };
  });
});

test('the interpreter gives the results that are known', () => {
  runs.forEach(({ title, steps }, index) => {
    steps.forEach(({ program, r0 }, step) => {
      if (r0 === undefined) return;
      const given = expected[index]![step]!.r0;
      assert.is(given, BigInt.asUintN(64, r0), `${title}, step ${step}: ${program}`);
    });
  });
});

test('all variants of a fixture give the same results', () => {
  for (const name of Object.keys(SCENARIOS)) {
    // Without fetching atomics the second instruction set's variant does less.
    const own = expected.filter((_, index) => runs[index]!.title.endsWith(` ${name}`));
    const comparable =
      name === 'atomics' ? own.filter((_, at) => !VARIANTS[at]!.endsWith('v2')) : own;
    for (const results of comparable) assert.equal(results, comparable[0], name);
  }
});

for (const target of targets) {
  test(`${runs.length} objects of fixtures on ${target.name}`, async () => {
    const given = await runAll(runs, target);
    runs.forEach(({ title, steps }, index) => {
      steps.forEach(({ program }, step) => {
        const { r0, memory } = given[index]![step]!;
        const where = `${title}, step ${step}: ${program}`;
        assert.is(r0, expected[index]![step]!.r0, `r0 of ${where}`);
        assert.is(hex(memory), expected[index]![step]!.memory, `memory of ${where}`);
      });
    });
  });

  test(`latencies on ${target.name} are plausible`, async () => {
    const context = { memory: new Uint8Array(target.ptRegs.size) };
    const histogram = { program: 'lookup_histograms', memory: new Uint8Array(8 + 34 * 8) };
    const call = [{ program: 'enter', ...context }, { program: 'leave', ...context }, histogram];
    const latency = VARIANTS.map((variant) => ({
      title: variant,
      object: withAccessors(loadFixture(variant, 'latency')),
      steps: Array.from({ length: 8 }, () => call).flat(),
    }));
    for (const results of await runAll(latency, target)) {
      // The process may move to another CPU, which has a histogram of its own: the fullest counts.
      const totals = results
        .filter((_, step) => step % call.length === call.length - 1)
        .map(({ memory }) => {
          const view = new DataView(memory.buffer, memory.byteOffset + 8);
          const bucket = (at: number) => view.getBigUint64(8 * at, true);
          const counts = Array.from({ length: 32 }, (_, at) => bucket(at));
          return {
            calls: counts.reduce((sum, count) => sum + count, 0n),
            counts,
            total: bucket(32),
          };
        });
      const fullest = totals.reduce((left, right) => (right.calls > left.calls ? right : left));
      assert.ok(fullest.calls >= 1n && fullest.calls <= 8n, 'calls are counted once');
      const least = fullest.counts.reduce(
        (sum, count, at) => sum + (at === 0 ? 0n : count << BigInt(at)),
        0n,
      );
      assert.ok(fullest.total >= least, 'buckets are lower bounds of what they hold');
      assert.ok(fullest.total < 8n * 10_000_000_000n, 'in nanoseconds');
    }
  });

  test(`registers are found by their role on ${target.name}`, async () => {
    const context = new Uint8Array(target.ptRegs.size);
    const view = new DataView(context.buffer);
    const place = (role: string) =>
      target.ptRegs.fields.find((field) => field.roles?.some((name) => name === role))!.offset;
    const values = { 1: 1001n, 2: 2003n, 3: 3007n, 4: 4013n, 5: 5021n };
    for (const [number, value] of Object.entries(values)) {
      view.setBigUint64(place(`argument${number}`), value, true);
    }
    view.setBigUint64(place('stack_pointer'), 6029n, true);
    view.setBigUint64(place('instruction_pointer'), 7039n, true);
    const result =
      1001n + 3n * 2003n + 5n * 3007n + 7n * 4013n + 11n * 5021n + 17n * 6029n + 19n * 7039n;
    const shared = place('return_value') === place('argument1');
    if (!shared) view.setBigUint64(place('return_value'), 8053n, true);
    const returned = shared ? 1001n : 8053n;
    // What only casts to a struct has no type in BTF that tells the CPU. Where one register is the first
    // argument and the return value, the kind of probe decides which of the two it is.
    const sources = [
      { name: 'registers', at: 'uprobe', fifth: returned },
      { name: 'registers_arm64', ptRegs: 'arm64', at: 'uprobe', fifth: 1001n },
      { name: 'registers_arm64', ptRegs: 'arm64', at: 'uretprobe', fifth: returned },
      { name: 'registers_riscv64', ptRegs: 'riscv64', at: 'uprobe', fifth: 1001n },
      { name: 'registers_riscv64', ptRegs: 'riscv64', at: 'uretprobe', fifth: returned },
    ] as const;
    for (const source of sources) {
      const { name, at, fifth } = source;
      const seen = VARIANTS.map((variant) => {
        const object = withAccessors(loadFixture(variant, name));
        return {
          title: variant,
          object: {
            ...object,
            programs: object.programs.map((program) =>
              program.name === 'roles'
                ? { ...program, attach: { ...program.attach, type: at, section: at } }
                : program,
            ),
            ...('ptRegs' in source && { ptRegs: source.ptRegs }),
          },
          steps: [
            { program: 'roles', memory: context },
            { program: 'read_bss', memory: new Uint8Array(64) },
          ],
        };
      });
      for (const [roles, globals] of await runAll(seen, target)) {
        if (at === 'uprobe') assert.is(roles!.r0, result, `${name} on ${target.name}`);
        const bytes = globals!.memory;
        const values = new BigUint64Array(bytes.buffer, bytes.byteOffset, 8);
        assert.is(values[5], fifth, `return value, ${name} at a ${at} on ${target.name}`);
        assert.is(values[6], 6029n, 'the stack pointer');
        assert.is(values[7], 7039n, 'the instruction pointer');
      }
    }
  });
}

test('nothing tells whose registers a program reads that only casts to them: a warning says so', () => {
  const sink = new CollectingSink();
  const target = targets.find(({ name }) => name === 'arm64');
  if (target === undefined) return;
  const object = loadFixture(VARIANTS[0]!, 'registers_arm64');
  assert.is(object.ptRegs, undefined);
  compile(object, options(target), 'obj', sink);
  const warnings = sink.diagnostics.filter(({ code }) => code === 'BPF-L035');
  assert.is(warnings.length, 1);
  assert.match(warnings[0]!.help ?? '', /--pt-regs/);
  compile(object, options(target, { ptRegs: 'arm64' }), 'obj', sink);
  assert.is(sink.diagnostics.filter(({ code }) => code === 'BPF-L035').length, 1);
});

test('every fixture builds for every target', () => {
  let built = 0;
  for (const variant of VARIANTS) {
    for (const file of readdirSync(join(OBJECTS, variant)).sort()) {
      const name = file.replace('.bpf.o', '');
      if (name === 'core' && !existsSync(KERNEL_BTF)) continue;
      // The others are built above, to run.
      if (name in SCENARIOS) continue;
      const object = loadFixture(variant, name);
      for (const target of targets) {
        const code = compile(
          object,
          options(target, { verify: true, ptRegs: ptRegsOf(object) }),
          'obj',
          new CollectingSink(),
        );
        assert.ok(code.length > 0, `${variant} ${name}`);
        built++;
      }
    }
  }
  assert.ok(built > 0 || targets.length === 0);
});

test.run();
