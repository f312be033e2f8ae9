import type { BpfObject } from '../../src/object/index.ts';
import type { TargetName } from '../../src/target/index.ts';

/**
 * What `--pt-regs` has to say for a fixture: types that are only cast to leave no trace in BTF, so nothing
 * else tells whose registers those for other CPUs read.
 */
export function ptRegsOf(object: BpfObject): 'auto' | TargetName {
  if (object.name.endsWith('registers_arm64')) return 'arm64';
  return object.name.endsWith('registers_riscv64') ? 'riscv64' : 'auto';
}
