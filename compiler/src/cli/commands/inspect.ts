import type { ObjectInformation } from '../../driver/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';

interface Arguments {
  readonly file: string;
  readonly json: boolean;
}

export const inspect: Command<Arguments> = {
  usage: 'inspect <file>',
  describe: 'Show programs, maps, globals and helpers of a BPF object or of a compiled one',
  positionals: { file: { type: 'string', describe: 'BPF object, or object made by build' } },
  options: {
    json: { type: 'boolean', default: false, describe: 'As JSON' },
  },
  run: async (args, report) => {
    const driver = await import('../../driver/index.ts');
    const objects = driver.inspect(driver.readInput(args.file), args.file, report.sink);
    report.finish({ objects }, objects.map(describe).join('\n'));
  },
};

/** Tables of what there is; what there is none of is left out. */
function describe(facts: ObjectInformation): string {
  const parts: string[] = [];
  const section = (title: string, rows: readonly (readonly string[])[]) => {
    if (rows.length > 0) parts.push(`${title}\n${table(rows.map((row) => ['', ...row]))}`);
  };
  section('object', [
    ['name', facts.name],
    ['kind', facts.kind],
    ...(facts.target === undefined ? [] : [['target', facts.target]]),
    ...(facts.verdict === undefined ? [] : [['verdict', facts.verdict]]),
    ['license', facts.license || '(none)'],
    ['source hash', facts.hash],
    ['BTF', facts.btf === null ? 'none' : `${facts.btf.types} types`],
  ]);
  section(
    'programs',
    facts.programs.map((program) => [
      program.name,
      program.section,
      program.kind,
      `${program.instructions} instructions`,
    ]),
  );
  section(
    'subprograms',
    facts.functions.map((fn) => [fn.name, `${fn.instructions} instructions`]),
  );
  section(
    'maps',
    facts.maps.map((map) => [
      map.name,
      map.type,
      `key ${map.keySize}`,
      `value ${map.valueSize}`,
      `entries ${map.maxEntries}`,
      ...(map.flags === 0 ? [] : [`flags 0x${map.flags.toString(16)}`]),
    ]),
  );
  section(
    'globals',
    facts.globals.map((variable) => [
      variable.name,
      `${variable.section}+${variable.offset}`,
      `${variable.size} bytes`,
    ]),
  );
  section(
    'helpers',
    facts.helpers.map((helper) => [helper]),
  );
  section(
    'relocations',
    Object.entries(facts.relocations).map(([name, count]) => [name, String(count)]),
  );
  return parts.join('\n');
}
