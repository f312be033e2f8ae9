import type { Command } from '../command.ts';
import { usage } from '../options.ts';
import { table } from '../output.ts';

interface Arguments {
  readonly code?: string;
  readonly list: boolean;
  readonly json: boolean;
}

export const explain: Command<Arguments> = {
  usage: 'explain [code]',
  describe: 'Print what a code of a diagnostic means: an example, the reason, the cure',
  positionals: { code: { type: 'string', describe: 'The code, such as BPF-V024, or only V024' } },
  options: {
    list: { type: 'boolean', default: false, describe: 'List the codes that have a page' },
    json: { type: 'boolean', default: false, describe: 'As JSON' },
  },
  examples: [['$0 explain BPF-V028', 'why a pointer must be compared with null']],
  run: async (args, report) => {
    const driver = await import('../../driver/index.ts');
    if (args.list) {
      const pages = driver.explainedCodes().map((code) => {
        const title = driver.explain(code).text.split('\n')[0]!;
        return { code, title: title.replace(/^# \S+ /, '') };
      });
      report.finish({ pages }, table(pages.map(({ code, title }) => [code, title])));
      return;
    }
    if (args.code === undefined) {
      throw usage(
        'explain needs a code',
        'bpftime-aot explain --list names those that have a page',
      );
    }
    const page = driver.explain(args.code);
    report.finish({ ...page }, page.text);
  },
};
