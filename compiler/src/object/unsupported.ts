import { Failure, quote } from '../diag/index.ts';
import type { BpfObject } from './types.ts';

/**
 * Refuses programs of kinds that are known but have no meaning in user space, naming the first with
 * its source line. Inspection shows them; whoever builds calls this first.
 */
export function refuseUnsupportedPrograms(object: BpfObject): void {
  const program = object.programs.find(({ kind }) => kind === 'other');
  if (program === undefined) return;
  const { section, type } = program.attach;
  throw new Failure({
    code: 'BPF-O024',
    message: `the program ${quote(program.name)} is of type ${quote(type)} (SEC(${JSON.stringify(section)})), which is not supported`,
    place: object.place(program.entry, 0),
    help: 'choose the programs to build with --program NAME',
  });
}
