import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/**
 * The directory of the package (the one with `targets/` and `runtime-native/`), found from the place
 * of the running code, so that sources, the bundle and an installed package agree.
 */
export function packageRoot(): string {
  if (root === undefined) {
    let directory = dirname(fileURLToPath(import.meta.url));
    while (!existsSync(join(directory, 'targets', 'x86-64', 'target.json'))) {
      const parent = dirname(directory);
      if (parent === directory) throw new Error('installation is incomplete: targets/ not found');
      directory = parent;
    }
    root = directory;
  }
  return root;
}
