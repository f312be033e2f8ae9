/** Shape of a generated program. */
export interface Generated {
  /** Instructions wanted, roughly. */
  readonly instructions: number;
  /** Instructions of one function, roughly. */
  readonly perFunction: number;
}

/** Instructions that clang makes of one statement, measured. */
const PER_STATEMENT = 11;

/**
 * C source of a program of about so many instructions: functions that mix loads, arithmetic, branches
 * and a short loop, and an entry that calls all of them. The same arguments give the same text.
 */
export function generateSource({ instructions, perFunction }: Generated): string {
  const statements = Math.max(1, Math.round(instructions / PER_STATEMENT));
  const each = Math.max(1, Math.min(statements, Math.round(perFunction / PER_STATEMENT)));
  let seed = 1;
  const next = (limit: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % limit;
  };
  const lines = ['#include "workload.h"', ''];
  const functions: string[] = [];
  for (let made = 0; made < statements; made += each) {
    const name = `part${functions.length}`;
    functions.push(name);
    lines.push(
      `static NOINLINE uint64_t ${name}(uint8_t *memory, uint64_t a)`,
      '{',
      '\tuint64_t b = 0;',
      '',
    );
    for (let index = 0; index < Math.min(each, statements - made); index++) {
      const load = `*(uint32_t *)(memory + ${next(1024) * 4})`;
      lines.push(
        `\ta = (a ^ ${load}) * ${next(1 << 20) | 1};`,
        `\tif (a & ${1 << next(16)})`,
        `\t\tb += a >> ${1 + next(40)};`,
        '\telse',
        `\t\tmemory[${next(4096)}] = (uint8_t)(b ^= ${next(1 << 24)});`,
      );
    }
    lines.push('\treturn a + b;', '}', '');
  }
  lines.push('WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)', '{', '\tuint64_t value = 1;');
  for (const name of functions) lines.push(`\tvalue = ${name}(memory, value);`);
  lines.push('\treturn value;', '}', '');
  return lines.join('\n');
}
