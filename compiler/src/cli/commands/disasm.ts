import type { Command } from '../command.ts';

interface Arguments {
  readonly file: string;
  readonly program?: readonly string[];
  readonly json: boolean;
}

export const disasm: Command<Arguments> = {
  usage: 'disasm <file>',
  describe: 'Print BPF instructions with the C source lines between them',
  positionals: { file: { type: 'string', describe: 'BPF object' } },
  options: {
    program: {
      type: 'string',
      array: true,
      nargs: 1,
      requiresArg: true,
      describe: 'Only this program and what it calls; may be repeated',
    },
    json: { type: 'boolean', default: false, describe: 'As JSON' },
  },
  run: async (args, report) => {
    const driver = await import('../../driver/index.ts');
    const object = driver.load(
      driver.readInput(args.file),
      args.file,
      { programs: args.program ?? [] },
      report.sink,
    );
    const functions = object.functions.map((fn) => ({
      name: fn.name,
      text: driver.disassemble(object, fn),
    }));
    report.finish({ functions }, `${functions.map(({ text }) => text).join('\n\n')}\n`);
  },
};
