import { Failure } from '../../diag/index.ts';
import type { Command } from '../command.ts';
import { table } from '../output.ts';

export const doctor: Command<{ readonly json: boolean }> = {
  usage: 'doctor',
  describe: 'Say what is missing on this machine, and the command that installs it',
  positionals: {},
  options: { json: { type: 'boolean', default: false, describe: 'As JSON' } },
  run: async (_args, report) => {
    const { doctor: examine } = await import('../../toolchain/index.ts');
    const findings = await examine();
    const missing = findings.filter((finding) => !finding.found);
    report.finish(
      { findings },
      table(
        findings.map((finding) => [
          finding.found ? 'ok' : 'missing',
          finding.name,
          finding.found ? (finding.version ?? '') : finding.purpose,
          finding.found ? (finding.path ?? '') : `install: ${finding.install}`,
        ]),
      ),
    );
    if (missing.some((finding) => finding.required)) {
      throw new Failure(
        {
          code: 'BPF-T010',
          message: `missing: ${missing.map((finding) => finding.name).join(', ')}`,
          help: 'run the commands above, or `make setup`',
        },
        'tool',
      );
    }
  },
};
