import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink } from '../../src/diag/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { type BpfObject, buildObject } from '../../src/object/index.ts';
import { analyse, type FunctionFacts } from '../../src/verifier/index.ts';

const OBJECTS = join(packageRoot(), 'fixtures', 'obj');

/** Needs a BTF of the user's, or a kernel configuration. */
const NEEDS_MORE = /^(core|kconfig)\.bpf\.o$/;

function built(path: string): BpfObject {
  return buildObject(parseElf(readFileSync(path), path), {}, new CollectingSink());
}

/** Accesses that are reached, by what their base is known to be. */
function countAccesses(
  object: BpfObject,
  facts: FunctionFacts,
): { known: number; unknown: string[] } {
  let known = 0;
  const unknown: string[] = [];
  object.functions[facts.function]!.instructions.forEach((_, index) => {
    const fact = facts.access(index);
    if (fact === undefined) return;
    if (fact.pointer !== undefined && fact.pointer.region.kind !== 'any') known++;
    else unknown.push(`${object.functions[facts.function]!.name}+${index}`);
  });
  return { known, unknown };
}

for (const toolchain of readdirSync(OBJECTS, { withFileTypes: true })) {
  if (!toolchain.isDirectory()) continue;
  for (const name of readdirSync(join(OBJECTS, toolchain.name)).sort()) {
    if (!name.endsWith('.bpf.o') || NEEDS_MORE.test(name)) continue;
    test(`${toolchain.name}/${name}: the base of every access is known`, () => {
      const object = built(join(OBJECTS, toolchain.name, name));
      const sink = new CollectingSink();
      const verified = analyse(object, {}, sink);
      assert.is(verified.verdict, 'proved');
      assert.equal(sink.diagnostics, []);
      let known = 0;
      for (const facts of verified.functions) {
        const counts = countAccesses(object, facts);
        known += counts.known;
        assert.equal(counts.unknown, []);
      }
      assert.ok(known > 0);
    });
  }
}

test.run();
