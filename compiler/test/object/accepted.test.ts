import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBtf } from '../../src/btf/index.ts';
import { findSection, parseElf } from '../../src/elf/index.ts';
import {
  type BpfObject,
  formatBpfInstruction,
  refuseUnsupportedPrograms,
  selectPrograms,
} from '../../src/object/index.ts';
import { build, compilers, failureOf, objectBytes } from './support.ts';

const config = `#
# Linux/x86 6.1.55-generic Kernel Configuration
#
CONFIG_BOOL=y
CONFIG_MODULE=m
CONFIG_LETTER=n
CONFIG_NEGATIVE=-7
CONFIG_LARGE=0xffffffffffffffff
CONFIG_SHORT=65535
CONFIG_TEXT="say \\"hello\\""
# CONFIG_MISSING is not set
`;

function listing(object: BpfObject, name: string): string[] {
  const found = object.functions.find((candidate) => candidate.name === name)!;
  return found.instructions.map((instruction) => formatBpfInstruction(object, instruction, found));
}

for (const compiler of compilers) {
  const accepted = (name: string): string => `${compiler}/accepted/${name}`;

  test(`${compiler}: what SEC() says`, () => {
    const object = build(accepted('sections'));
    assert.is(object.license, 'Dual MIT/GPL');
    assert.is(object.name, 'sections');
    assert.equal(
      object.programs.map(({ name, kind, attach }) => [
        name,
        kind,
        attach.type,
        attach.target,
        `${attach.optional ? '?' : ''}${attach.sleepable ? 's' : ''}`,
      ]),
      [
        ['plain_uprobe', 'kprobe', 'uprobe', '', ''],
        ['malloc_entry', 'kprobe', 'uprobe', '/usr/lib/libc.so.6:malloc+4', ''],
        ['malloc_return', 'kprobe', 'uretprobe.s', 'libc.so.6:malloc', 's'],
        ['many', 'kprobe', 'uprobe.multi', 'libc.so.6:str*', ''],
        ['session', 'kprobe', 'uprobe.session', 'libc.so.6:free', ''],
        ['kernel_probe', 'kprobe', 'kprobe', 'do_unlinkat', ''],
        ['system_call', 'kprobe', 'ksyscall', 'openat', ''],
        ['marker', 'kprobe', 'usdt', './app:provider:name', ''],
        ['optional_point', 'tracepoint', 'tracepoint', 'syscalls/sys_enter_openat', '?'],
        ['short_point', 'tracepoint', 'tp', 'sched/sched_switch', ''],
        ['raw_point', 'raw_tracepoint', 'raw_tp.w', 'sys_enter', ''],
        ['event', 'perf_event', 'perf_event', '', ''],
        ['frags', 'xdp', 'xdp.frags', '', ''],
        ['devmap', 'xdp', 'xdp/devmap', '', ''],
        ['old_xdp', 'xdp', 'xdp', '', ''],
        ['filter', 'socket_filter', 'socket', '', ''],
        ['ingress', 'tc', 'tcx/ingress', '', ''],
        ['classify', 'tc', 'classifier', 'inner', ''],
        ['embedded', 'raw', 'raw', 'checksum', ''],
        ['first_shared', 'tc', 'action', '', ''],
        ['second_shared', 'tc', 'action', '', ''],
        ['kernel_entry', 'other', 'fentry.s', 'do_unlinkat', 's'],
        ['walker', 'other', 'iter', 'task', ''],
        ['connect', 'other', 'cgroup/connect4', '', ''],
        ['call_me', 'other', 'syscall', '', 's'],
      ],
    );
    assert.is(object.programs[8]!.attach.section, '?tracepoint/syscalls/sys_enter_openat');
    for (const program of object.programs) {
      const entry = object.functions[program.entry]!;
      assert.is(entry.name, program.name);
      assert.is(entry.program, program.index);
      assert.is(object.btf!.name(entry.btfFunction!), program.name);
    }
  });

  test(`${compiler}: programs that user space lacks are refused by name`, () => {
    const object = build(accepted('sections'));
    const { diagnostic } = failureOf(() => refuseUnsupportedPrograms(object));
    assert.match(diagnostic.message, /'kernel_entry' is of type 'fentry\.s'/);
    assert.match(diagnostic.place!.file, /sections\.c$/);
    assert.ok(diagnostic.place!.line! > 20);
    refuseUnsupportedPrograms(selectPrograms(object, ['filter']));
  });

  test(`${compiler}: maps`, () => {
    const object = build(accepted('maps'));
    const map = (name: string) => object.maps.find((candidate) => candidate.name === name)!;
    const shape = (name: string) => {
      const { typeName, keySize, valueSize, maxEntries } = map(name);
      return [typeName, keySize, valueSize, maxEntries];
    };
    assert.equal(shape('hash'), ['hash', 8, 8, 100]);
    assert.is(map('hash').flags, 1);
    assert.is(map('hash').pinning, 1);
    assert.is(map('hash').numaNode, 3);
    assert.is(object.btf!.name(object.btf!.resolve(map('hash').keyType!)), 'key');
    assert.equal(shape('sized'), ['percpu_array', 4, 40, 2]);
    assert.is(map('sized').keyType, undefined);
    assert.equal(shape('hidden'), ['bloom_filter', 0, 4, 1000]);
    assert.is(map('hidden').extra, 3n);
    assert.equal(shape('routes'), ['lpm_trie', 8, 1, 10]);
    assert.equal(shape('ring'), ['ringbuf', 0, 0, 4096]);
    assert.equal(shape('events'), ['perf_event_array', 4, 4, 0]);
    assert.equal(shape('outer'), ['array_of_maps', 4, 4, 4]);
    assert.equal(map('outer').initial, [
      { key: 1, map: map('one').index },
      { key: 3, map: map('two').index },
    ]);
    const inner = map('by_name').inner!;
    assert.equal(
      [inner.name, inner.index, inner.typeName, inner.keySize, inner.valueSize, inner.maxEntries],
      ['by_name.inner', -1, 'hash', 1, 2, 7],
    );
    const step = object.programs.find(({ name }) => name === 'step')!;
    assert.equal(map('steps').initial, [{ key: 1, function: step.entry }]);
    object.maps.forEach((one, index) => {
      assert.is(one.index, index);
    });
    // Static maps are reached through the section's symbol and an addend.
    const text = listing(object, 'step');
    for (const name of ['hidden', 'routes', 'outer', 'sized']) {
      assert.ok(
        text.some((line) => line.includes(`map[${name}] ll`)),
        `${name}: ${text}`,
      );
    }
  });

  test(`${compiler}: legacy maps, and no BTF at all`, () => {
    const object = build(accepted('legacy'));
    assert.is(object.btf, undefined);
    assert.equal(
      object.maps.map(({ name, typeName, keySize, valueSize, maxEntries, flags }) => [
        ...[name, typeName, keySize, valueSize, maxEntries, flags],
      ]),
      [
        ['first', 'hash', 8, 16, 32, 1],
        ['second', 'array', 4, 4, 1, 0],
      ],
    );
    assert.ok(listing(object, 'count').includes('r1 = map[second] ll'));
    assert.is(object.data.find(({ name }) => name === '.rodata')!.variables[0]!.volatile, true);
    const place = object.place(0, 0);
    assert.is(place.line, undefined);
    assert.is(place.section, 'socket1');
    assert.is(place.offset, 0);
    assert.type(place.instruction, 'string');
  });

  test(`${compiler}: functions and what they call`, () => {
    const object = build(accepted('functions'));
    const names = object.functions.map(({ name }) => name);
    assert.equal(names.slice(0, 3), ['entry', 'other_entry', 'shaper']);
    assert.not.ok(names.includes('nobody_calls'));
    const calls = (name: string): string[] =>
      object.functions
        .find((candidate) => candidate.name === name)!
        .instructions.flatMap((instruction) =>
          instruction.kind === 'call_function'
            ? [object.functions[instruction.function]!.name]
            : instruction.kind === 'reference' && instruction.reference.kind === 'function'
              ? [`&${object.functions[instruction.reference.function]!.name}`]
              : [],
        );
    assert.equal(calls('entry'), ['&each', 'beside', 'global_in_text', 'elsewhere']);
    assert.equal(calls('other_entry'), ['same_section', 'beside']);
    assert.equal(calls('shaper').sort(), ['elsewhere', 'in_text']);
    assert.equal(calls('global_in_text'), ['in_text']);
    const linkage = new Map(object.functions.map((one) => [one.name, one.linkage]));
    assert.is(linkage.get('beside'), 'static');
    assert.is(linkage.get('global_in_text'), 'global');
    for (const one of object.functions) {
      assert.is(one.instructions[0]!.slot, 0);
      assert.is(one.instructions.at(-1)!.kind, 'exit', one.name);
      one.instructions.forEach((_, index) => {
        const place = object.place(one.index, index);
        assert.match(place.file, /functions\.c$/);
        assert.ok(place.line! > 5);
      });
    }
    const each = object.functions.find(({ name }) => name === 'each')!;
    assert.match(object.place(each.index, 0).sourceText!, /total \+= index|static long each/);
  });

  test(`${compiler}: data sections and their variables`, () => {
    const object = build(accepted('data'));
    const section = (name: string) => object.data.find((candidate) => candidate.name === name)!;
    const kinds = object.data.map(({ name, kind, size }) => [name, kind, size]);
    assert.equal(kinds.slice().sort(), [
      ['.bss', 'bss', 408],
      ['.bss.cold', 'bss', 4],
      ['.data', 'data', 32],
      ['.data.hot', 'data', 4],
      ['.rodata', 'rodata', 120],
      ['.rodata.str1.1', 'rodata', 55],
      ['.rodata.text', 'rodata', 6],
      ['my_settings', 'data', 4],
    ]);
    const brief = (name: string) =>
      section(name).variables.map(({ name, offset, size, volatile, global }) => [
        ...[name, offset, size, volatile, global],
      ]);
    assert.equal(brief('.rodata'), [
      ['setting', 0, 4, true, true],
      ['name', 4, 16, true, true],
      ['table', 24, 96, false, true],
    ]);
    assert.equal(brief('.bss'), [
      ['sum.calls', 0, 4, false, false],
      ['hidden_zero', 4, 4, true, false],
      ['zeros', 8, 400, false, true],
    ]);
    assert.is(section('.rodata').bytes[0], 42);
    assert.is(Buffer.from(section('.rodata.text').bytes).toString(), 'hello\0');
    assert.equal(section('.bss').bytes, new Uint8Array(408));
    assert.is(section('.rodata').alignment, 8);
    object.data.forEach((one, index) => {
      assert.is(one.index, index);
    });
    const text = listing(object, 'sum').join('\n');
    for (const name of ['setting', 'zeros', 'hidden_zero', 'grouped', 'banner', 'custom']) {
      assert.match(text, new RegExp(`= ${name}(\\+\\d+)? ll`));
    }
  });

  test(`${compiler}: kernel configuration and weak kernel symbols`, () => {
    const object = build(accepted('externs'), { kernelConfig: config });
    const section = object.data.find(({ name }) => name === '.kconfig')!;
    assert.is(section.kind, 'kconfig');
    const value = (name: string): string => {
      const variable = section.variables.find((candidate) => candidate.name === name)!;
      const { offset, size } = variable;
      return Buffer.from(section.bytes.subarray(offset, offset + size)).toString('hex');
    };
    assert.is(value('CONFIG_BOOL'), '01');
    assert.is(value('CONFIG_MODULE'), '02000000');
    assert.is(value('CONFIG_LETTER'), '6e');
    assert.is(value('CONFIG_NEGATIVE'), 'f9ffffff');
    assert.is(value('CONFIG_LARGE'), 'ffffffffffffffff');
    assert.is(value('CONFIG_SHORT'), 'ffff');
    assert.is(value('CONFIG_TEXT'), Buffer.from('say "he\0').toString('hex'));
    assert.is(value('CONFIG_MISSING'), '00000000');
    // 6.1.55 from the head of the file.
    assert.is(value('LINUX_KERNEL_VERSION'), '37010600');
    assert.is(value('LINUX_HAS_BPF_COOKIE'), '01');
    assert.is(value('LINUX_HAS_SYSCALL_WRAPPER'), '00');
    const stated = build(accepted('externs'), { kernelConfig: config, kernelVersion: '5.4.300' });
    const other = stated.data.find(({ name }) => name === '.kconfig')!;
    const { offset } = other.variables.find(({ name }) => name === 'LINUX_KERNEL_VERSION')!;
    assert.equal([...other.bytes.subarray(offset, offset + 4)], [255, 4, 5, 0]);

    const { instructions } = object.functions[0]!;
    const zeros = instructions.filter(
      (one) => one.kind === 'reference' && one.reference.kind === 'value',
    );
    assert.ok(zeros.length >= 2);
    const poisoned = instructions.filter((one) => one.kind === 'poison');
    assert.is(poisoned.length, 1);
    assert.match(poisoned[0]!.reason, /'absent_function' does not exist/);
  });

  test(`${compiler}: values that do not fit their extern`, () => {
    const refused = (text: string): string =>
      failureOf(() => build(accepted('externs'), { kernelConfig: `${config}\n${text}` })).message;
    assert.match(refused('CONFIG_BOOL=m'), /'CONFIG_BOOL' has the value 'm'/);
    assert.match(refused('CONFIG_SHORT=65536'), /'CONFIG_SHORT' has the value '65536'/);
    assert.match(refused('CONFIG_SHORT=-1'), /'CONFIG_SHORT' has the value '-1'/);
    assert.match(refused('CONFIG_LARGE=0x1ffffffffffffffff'), /'CONFIG_LARGE' has the value/);
    assert.match(refused('CONFIG_NEGATIVE=y'), /'CONFIG_NEGATIVE' has the value 'y'/);
    assert.match(refused('CONFIG_TEXT=7'), /'CONFIG_TEXT' has the value '7'/);
    assert.match(refused('CONFIG_NEGATIVE="text"'), /'CONFIG_NEGATIVE' has the value/);
    assert.match(refused('CONFIG_NEGATIVE=constructor'), /'CONFIG_NEGATIVE' has the value/);
    assert.match(refused('CONFIG_HZ'), /line \d+ has no value: 'CONFIG_HZ'/);
    const version = failureOf(() =>
      build(accepted('externs'), { kernelConfig: config, kernelVersion: 'new' }),
    );
    assert.match(version.message, /'new' is no kernel version/);
    assert.is(version.kind, 'usage');
  });

  test(`${compiler}: CO-RE against a target, and without one`, () => {
    const bytes = objectBytes(accepted('core'));
    const local = parseBtf(findSection(parseElf(bytes, 'core.o'), '.BTF')!.data, 'core.o');
    const resolved = build(accepted('core'), { targetBtf: local });
    assert.not.ok(resolved.functions[0]!.instructions.some(({ kind }) => kind === 'poison'));
    assert.is(resolved.ptRegs, 'x86-64');
    const without = build(accepted('core'));
    const reasons = without.functions[0]!.instructions.flatMap((one) =>
      one.kind === 'poison' ? [one.reason] : [],
    );
    assert.is(reasons.length, 3);
    assert.match(reasons[0]!, /no_such_member.*name its BTF with --btf/);
    // The register file is the ABI's: no BTF of a kernel is asked.
    assert.ok(listing(without, 'probe').some((line) => line.endsWith('+ 0x70)')));
  });

  test(`${compiler}: CO-RE in contexts that the runtime makes`, () => {
    const bytes = objectBytes(accepted('core'));
    const kernel = parseBtf(findSection(parseElf(bytes, 'core.o'), '.BTF')!.data, 'core.o');
    const poisoned = (object: BpfObject): string[] =>
      object.functions
        .filter(({ instructions }) => instructions.some(({ kind }) => kind === 'poison'))
        .map(({ name }) => name);
    assert.equal(poisoned(build(accepted('contexts'))), []);
    // Records of tracepoints are the kernel's own: a BTF that lacks them has the last word.
    assert.equal(poisoned(build(accepted('contexts'), { targetBtf: kernel })), ['point']);
  });

  test(`${compiler}: the CPU that struct pt_regs is of`, () => {
    assert.is(build(accepted('core')).ptRegs, 'x86-64');
    assert.is(build(accepted('arm64')).ptRegs, 'arm64');
    assert.is(build(accepted('riscv64')).ptRegs, 'riscv64');
    assert.is(build(accepted('data')).ptRegs, undefined);
  });

  test(`${compiler}: without SEC(), functions nobody calls are raw programs`, () => {
    const object = build(accepted('text'));
    assert.equal(
      object.programs.map(({ name, kind, attach }) => [name, kind, attach.type]),
      [['entry', 'raw', 'raw']],
    );
    assert.equal(
      object.functions.map(({ name }) => name),
      ['entry', 'checksum'],
    );
  });

  test(`${compiler}: selecting programs keeps what they reach`, () => {
    const object = build(accepted('functions'));
    const selected = selectPrograms(object, ['shaper']);
    assert.equal(selected.functions.map(({ name }) => name).sort(), [
      'elsewhere',
      'in_text',
      'shaper',
    ]);
    for (const one of selected.functions) {
      const before = object.functions.find(({ name }) => name === one.name)!;
      assert.equal(listing(selected, one.name), listing(object, one.name));
      assert.equal(selected.place(one.index, 1), object.place(before.index, 1));
    }
    assert.equal(
      selected.programs.map(({ index, entry }) => [index, entry]),
      [[0, selected.functions.find(({ name }) => name === 'shaper')!.index]],
    );
    // What an array of programs holds from the start stays callable.
    const withSlots = selectPrograms(build(accepted('maps')), ['start']);
    assert.equal(
      withSlots.programs.map(({ name }) => name),
      ['step', 'start'],
    );
    const unknown = failureOf(() => selectPrograms(object, ['shapper']));
    assert.is(unknown.kind, 'usage');
    assert.match(unknown.diagnostic.help!, /did you mean 'shaper'/);
    assert.match(failureOf(() => selectPrograms(object, ['x'])).diagnostic.help!, /are: entry/);
  });
}

test('a linked object says what its parts said', () => {
  const linked = build('clang19/accepted/linked');
  for (const part of ['maps', 'functions', 'data']) {
    const object = build(`clang19/accepted/${part}`);
    for (const one of object.functions) {
      assert.equal(listing(linked, one.name), listing(object, one.name));
    }
    for (const { index: _, initial: __, keyType, valueType, inner, ...map } of object.maps) {
      const found = linked.maps.find(({ name }) => name === map.name)!;
      for (const [key, value] of Object.entries(map)) {
        assert.is(found[key as keyof typeof map], value, `${map.name}.${key}`);
      }
      assert.is(found.keyType === undefined, keyType === undefined);
      assert.is(found.valueType === undefined, valueType === undefined);
      assert.is(found.inner?.maxEntries, inner?.maxEntries);
    }
  }
});

test('the same bytes give the same object', () => {
  const { place: _, btf: __, ...first } = build('clang19/accepted/linked');
  const { place: ___, btf: ____, ...second } = build('clang19/accepted/linked');
  assert.equal(first, second);
});

test.run();
