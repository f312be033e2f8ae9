import { targets as allTargets, hostTarget } from '../../target/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';

export const targets: Command<{ readonly json: boolean }> = {
  usage: 'targets',
  describe: 'List the CPUs that can be compiled for',
  positionals: {},
  options: { json: { type: 'boolean', default: false, describe: 'As JSON' } },
  run: (_args, report) => {
    const host = hostTarget()?.name;
    const list = allTargets().map(({ name, aliases, triple, cpu, qemu }) => ({
      name,
      aliases,
      triple,
      cpu,
      emulator: qemu,
      host: name === host,
    }));
    report.finish(
      { targets: list },
      table([
        ['NAME', 'ALSO', 'TRIPLE', 'CPU', 'RUNS'],
        ...list.map((row) => [
          row.name,
          row.aliases.join(','),
          row.triple,
          row.cpu,
          row.host ? 'here' : `under ${row.emulator}`,
        ]),
      ]),
    );
  },
};
