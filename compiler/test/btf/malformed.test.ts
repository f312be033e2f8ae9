import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Btf,
  CWriter,
  parseBtf,
  parseBtfExt,
  patchCoreInstruction,
  resolveCoreRelocation,
} from '../../src/btf/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { BtfBuilder } from './builder.ts';
import { sectionsOf } from './objects.ts';

/** Milliseconds of processor time that any input may take. */
const LIMIT_MS = 1000;

/** Result, or the code of the failure; anything else that is thrown fails the test. */
function codeOf(action: () => unknown): string {
  const started = process.cpuUsage();
  try {
    action();
    return 'accepted';
  } catch (error) {
    if (error instanceof Failure) {
      assert.match(error.diagnostic.code, /^BPF-B\d{3}$/);
      assert.ok(error.message.length < 2000, 'messages are short');
      return error.diagnostic.code;
    }
    throw error;
  } finally {
    const { user, system } = process.cpuUsage(started);
    const took = (user + system) / 1000;
    assert.ok(took < LIMIT_MS, `took ${took} ms`);
  }
}

function parseCode(bytes: Uint8Array): string {
  return codeOf(() => parseBtf(bytes, 'test'));
}

/** Uses everything that reads a checked BTF: none of it may fail otherwise than by a Failure. */
function useAll(btf: Btf): void {
  const writer = new CWriter(btf);
  for (let id = 0; id < btf.typeCount; id += 1) {
    const type = btf.type(id);
    btf.size(id);
    btf.alignment(id);
    btf.resolve(id);
    btf.skipModifiers(id);
    btf.findMember(id, 'x');
    assert.is(type.kind, btf.kind(id));
    btf.find(btf.name(id), type.kind);
    try {
      writer.define(id);
      writer.declare(id, 'x');
    } catch (error) {
      assert.instance(error, Failure);
    }
  }
  writer.text();
}

test('truncated and altered headers', () => {
  const whole = sectionsOf('kinds.o').get('.BTF')!;
  for (let length = 0; length < whole.length; length += 1) {
    assert.not.equal(parseCode(whole.slice(0, length)), 'accepted', `${length} bytes`);
  }
  const altered = (offset: number, value: number): Uint8Array => {
    const bytes = whole.slice();
    new DataView(bytes.buffer).setUint32(offset, value >>> 0, true);
    return bytes;
  };
  for (let offset = 0; offset < 24; offset += 4) {
    for (const value of [0x7fffffff, 0x80000000, 0xffffffff, 3, whole.length]) {
      assert.not.equal(parseCode(altered(offset, value)), 'accepted', `${value} at ${offset}`);
    }
  }
  assert.is(parseCode(altered(0, 0x0001eb9f | (1 << 24))), 'BPF-B002', 'flags');
  assert.is(parseCode(Buffer.from(whole).swap16().subarray()), 'BPF-B002', 'big-endian');
  assert.is(parseCode(new Uint8Array(0)), 'BPF-B001');
});

test('mutations of real BTF', () => {
  for (const object of ['kinds.o', 'core.o']) {
    const whole = sectionsOf(object).get('.BTF')!;
    const ext = sectionsOf(object).get('.BTF.ext')!;
    const mutation = fc.record({
      offset: fc.nat(whole.length - 1),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
    });
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const bytes = whole.slice();
        for (const { offset, value } of mutations) bytes[offset] = value;
        const code = codeOf(() => {
          const btf = parseBtf(bytes, 'test');
          useAll(btf);
          parseBtfExt(ext, btf, 'test');
          accepted += 1;
        });
        assert.ok(code !== '');
      }),
      { numRuns: 1500 },
    );
    assert.ok(accepted > 0, 'some mutations are harmless');
  }
});

test('mutations of .BTF.ext, and of relocations', () => {
  const sections = sectionsOf('core.o');
  const btf = parseBtf(sections.get('.BTF')!, 'core.o');
  const target = parseBtf(sectionsOf('core-target.o').get('.BTF')!, 'core-target.o');
  const whole = sections.get('.BTF.ext')!;
  const code = sections.get('socket')!;
  const mutation = fc.record({
    offset: fc.nat(whole.length - 1),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
  });
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      const bytes = whole.slice();
      for (const { offset, value } of mutations) bytes[offset] = value;
      codeOf(() => {
        const ext = parseBtfExt(bytes, btf, 'test');
        for (const lines of ext.lineInfo.values()) {
          for (let index = 0; index < lines.length; index += 1) lines.at(index)!.text;
          lines.find(16);
        }
        for (const relocation of [...ext.coreRelocations.values()].flat()) {
          codeOf(() => {
            const resolution = resolveCoreRelocation(btf, target, relocation);
            if (resolution.kind === 'needs_target') return;
            patchCoreInstruction(code.subarray(relocation.offset), resolution, btf, relocation);
          });
        }
      });
    }),
    { numRuns: 1500 },
  );
  for (let length = 0; length < whole.length; length += 1) {
    const result = codeOf(() => parseBtfExt(whole.slice(0, length), btf, 'test'));
    assert.not.equal(result, 'accepted', `${length} bytes`);
  }
});

test('targets that are mutated do not hurt either', () => {
  const sections = sectionsOf('core.o');
  const local = parseBtf(sections.get('.BTF')!, 'core.o');
  const ext = parseBtfExt(sections.get('.BTF.ext')!, local, 'core.o');
  const whole = sectionsOf('core-target.o').get('.BTF')!;
  const mutation = fc.record({ offset: fc.nat(whole.length - 1), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
      const bytes = whole.slice();
      for (const { offset, value } of mutations) bytes[offset] = value;
      codeOf(() => {
        const target = parseBtf(bytes, 'test');
        for (const relocation of ext.coreRelocations.get('socket')!) {
          codeOf(() => resolveCoreRelocation(local, target, relocation));
        }
      });
    }),
    { numRuns: 800 },
  );
});

function made(...steps: readonly ((builder: BtfBuilder) => unknown)[]): string {
  const builder = new BtfBuilder();
  for (const step of steps) step(builder);
  const bytes = builder.bytes();
  const code = parseCode(bytes);
  if (code === 'accepted') codeOf(() => useAll(parseBtf(bytes, 'test')));
  return code;
}

test('cycles', () => {
  assert.is(
    made((b) => b.typedef('self', 1)),
    'BPF-B007',
  );
  assert.is(
    made(
      (b) => b.typedef('a', 2),
      (b) => b.modifier(10, 1),
    ),
    'BPF-B007',
  );
  assert.is(
    made((b) => b.pointer(1)),
    'BPF-B007',
  );
  assert.is(
    made(
      (b) => b.int('int', 4),
      (b) => b.array(2, 1, 3),
    ),
    'BPF-B007',
  );
  assert.is(
    made((b) => b.struct('self', 8, [['self', 1, 0]])),
    'BPF-B007',
  );
  assert.is(
    made(
      (b) => b.struct('a', 8, [['b', 2, 0]]),
      (b) => b.struct('b', 8, [['a', 1, 0]]),
    ),
    'BPF-B007',
  );
  assert.is(
    made((b) => b.prototype(0, [1])),
    'BPF-B007',
  );
  assert.is(
    made(
      (b) => b.struct('list', 8, [['next', 2, 0]]),
      (b) => b.pointer(1),
    ),
    'accepted',
  );
});

test('long chains', () => {
  const chain = (length: number, backwards: boolean, link: (b: BtfBuilder, to: number) => void) =>
    made((builder) => {
      builder.int('int', 4);
      for (let id = 2; id <= length; id += 1) {
        link(builder, backwards ? id - 1 : id === length ? 1 : id + 1);
      }
    });
  for (const backwards of [true, false]) {
    assert.is(
      chain(50, backwards, (b, to) => b.modifier(10, to)),
      'accepted',
    );
    assert.is(
      chain(100_000, backwards, (b, to) => b.modifier(10, to)),
      'BPF-B007',
    );
    assert.is(
      chain(100_000, backwards, (b, to) => b.pointer(to)),
      'BPF-B007',
    );
    assert.is(
      chain(100_000, backwards, (b, to) => b.struct('s', 4, [['m', to, 0]])),
      'BPF-B007',
    );
  }
});

test('references that lead nowhere', () => {
  assert.is(
    made((b) => b.pointer(2)),
    'BPF-B006',
  );
  assert.is(
    made((b) => b.typedef('t', 0xffffffff)),
    'BPF-B006',
  );
  assert.is(
    made((b) => b.struct('s', 4, [['m', 9, 0]])),
    'BPF-B006',
  );
  assert.is(
    made((b) => b.array(1, 9, 1)),
    'BPF-B006',
  );
  assert.is(
    made((b) => b.struct('s', 4, [['m', 0, 0]])),
    'BPF-B006',
  );
  assert.is(
    made(
      (b) => b.prototype(0, []),
      (b) => b.array(1, 1, 2),
    ),
    'BPF-B006',
  );
  assert.is(
    made((b) => b.prototype(0, [0, 0])),
    'BPF-B006',
  );
  assert.is(
    made(
      (b) => b.int('int', 4),
      (b) => b.record(12, b.string('f'), 0, 0, 1),
    ),
    'BPF-B006',
  );
  assert.is(
    made(
      (b) => b.int('int', 4),
      (b) => b.record(15, b.string('d'), 0, 1, 4, [1, 0, 4]),
    ),
    'BPF-B006',
  );
  assert.is(
    made((b) => b.record(8, 0x7fffffff, 0, 0, 0)),
    'BPF-B003',
  );
  assert.is(
    made((b) => b.record(4, 0, 0, 1, 4, [999, 0, 0])),
    'BPF-B003',
  );
});

test('impossible numbers', () => {
  assert.is(
    made((b) => b.record(0, 0, 0, 0, 0)),
    'BPF-B004',
  );
  assert.is(
    made((b) => b.record(20, 0, 0, 0, 0)),
    'BPF-B004',
  );
  assert.is(
    made((b) => b.record(2, 0, 0, 0x10000, 0)),
    'BPF-B004',
  );
  assert.is(
    made((b) => b.record(4, 0, 0, 0xffff, 4)),
    'BPF-B004',
  );
  assert.is(
    made((b) => b.record(1, b.string('int'), 0, 0, 5, [32])),
    'BPF-B005',
  );
  assert.is(
    made((b) => b.record(1, b.string('int'), 0, 0, 4, [33])),
    'BPF-B005',
  );
  assert.is(
    made(
      (b) => b.int('int', 4),
      (b) => b.struct('s', 4, [['m', 1, 8]]),
    ),
    'BPF-B005',
  );
  assert.is(
    made(
      (b) => b.int('int', 4),
      (b) => b.struct('s', 8, [['m', 1, 3]]),
    ),
    'BPF-B005',
  );
  assert.is(
    made(
      (b) => b.int('int', 4),
      (b) => b.array(1, 1, 0x40000000),
    ),
    'BPF-B005',
  );
  assert.is(
    made(
      (b) => b.int('int', 4),
      (b) => b.record(14, b.string('v'), 0, 0, 1, [3]),
    ),
    'BPF-B005',
  );
});

test('long names', () => {
  const long = 'x'.repeat(1 << 20);
  assert.is(
    made((b) => b.int(long, 4)),
    'BPF-B003',
  );
  assert.is(
    made(
      (b) => b.int('int', 4),
      (b) => b.struct('s', 4, [[long, 1, 0]]),
    ),
    'BPF-B003',
  );
  assert.is(
    made((b) => b.int('x'.repeat(1024), 4)),
    'accepted',
  );
  // The tail of a long string is a name of its own.
  assert.is(
    made((b) => b.record(8, b.string(long) + (1 << 20) - 100, 0, 0, 0)),
    'accepted',
  );
});

test('many types of one name, and wide types', () => {
  const count = 20_000;
  const members = Array.from({ length: 0xffff }, (_, index): [string, number, number] => [
    `m${index % 7}`,
    1,
    index * 32,
  ]);
  const bytes = [
    (b: BtfBuilder) => {
      for (let id = 1; id <= count; id += 1) b.typedef('same', 0);
    },
    (b: BtfBuilder) => {
      b.int('int', 4);
      b.struct('wide', 0xffff * 4, members);
    },
    // Each level twice as long as the one before, when spelled out.
    (b: BtfBuilder) => {
      b.prototype(0, []);
      for (let id = 2; id <= 50; id += 1) b.prototype(0, [id - 1, id - 1]);
    },
    (b: BtfBuilder) => {
      b.int('int', 4);
      for (let id = 2; id <= 25; id += 1) {
        const size = 4 << (id - 1);
        b.struct('', size, [
          ['', id - 1, 0],
          ['', id - 1, size * 4],
        ]);
      }
    },
  ];
  for (const [index, build] of bytes.entries()) {
    const builder = new BtfBuilder();
    build(builder);
    assert.is(parseCode(builder.bytes()), 'accepted', `${index}`);
    const btf = parseBtf(builder.bytes(), 'test');
    const code = codeOf(() => {
      const writer = new CWriter(btf);
      for (const id of [1, 2, btf.typeCount - 1]) writer.define(id);
      writer.declare(btf.typeCount - 1, 'x');
    });
    assert.ok(['accepted', 'BPF-B040'].includes(code), `${index}: ${code}`);
    codeOf(() => btf.findMember(btf.typeCount - 1, 'no such member'));
    codeOf(() => btf.alignment(btf.typeCount - 1));
  }
});

test.run();
