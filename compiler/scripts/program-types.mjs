// Writes what the running kernel allows to compiler/src/verifier/contexts: the helpers of each type of
// program (found by loading programs of one call each) and the number of arguments of each system call
// (from the formats of its tracepoints). Needs root, tracefs and the built addon.
// usage: node compiler/scripts/program-types.mjs
import { closeSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const contexts = join(root, 'compiler', 'src', 'verifier', 'contexts');
const addon = join(root, 'compiler', 'addon', 'build', 'Release', 'bpftime.node');
const { kernel } = createRequire(import.meta.url)(addon);

/** Our names, and BPF_PROG_TYPE_*. */
const TYPES = {
  kprobe: 2,
  tracepoint: 5,
  raw_tracepoint: 17,
  perf_event: 7,
  xdp: 6,
  socket_filter: 1,
  tc: 3,
};
const LAST_HELPER = 211;

function instruction(opcode, destination, immediate) {
  const bytes = Buffer.alloc(8);
  bytes[0] = opcode;
  bytes[1] = destination;
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}

/** What the kernel says of a program that calls the helper with the context and zeros. */
function logOfCall(type, helper) {
  const code = [2, 3, 4, 5].map((register) => instruction(0xb7, register, 0));
  code.push(instruction(0x85, 0, helper), instruction(0xb7, 0, 0), instruction(0x95, 0, 0));
  const instructions = new Uint8Array(Buffer.concat(code));
  try {
    closeSync(kernel.progLoad({ type, instructions, license: 'GPL' }));
    return '';
  } catch (error) {
    if (error.log === undefined) throw error;
    return error.log;
  }
}

const allowed = new Map();
const sleeping = new Set();
for (const [name, type] of Object.entries(TYPES)) {
  const numbers = new Set();
  for (let helper = 1; helper <= LAST_HELPER; helper++) {
    const log = logOfCall(type, helper);
    if (/cannot use helper|invalid func|unknown func|not supported for program type/.test(log)) {
      continue;
    }
    numbers.add(helper);
    if (log.includes('might sleep')) sleeping.add(helper);
  }
  allowed.set(name, numbers);
}

function ranges(numbers) {
  const parts = [];
  const sorted = [...numbers].sort((a, b) => a - b);
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === sorted[end] + 1) end++;
    parts.push(end === at ? `${sorted[at]}` : `${sorted[at]}-${sorted[end]}`);
    at = end + 1;
  }
  return parts.join(' ');
}

/** Words as lines of at most 96 columns. */
function wrap(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length > 95) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`;
  }
  return lines.join('\n  ');
}

const every = [...allowed.get('kprobe')].filter((helper) =>
  [...allowed.values()].every((numbers) => numbers.has(helper)),
);
const version = release().split(/[^0-9.]/)[0];
let text = `/*
 * Helpers that the kernel (Linux ${version}) lets programs of each type call, by their numbers: what is in
 * \`every\` and what is in the type's own list. \`sleeping\` are those that only sleepable programs may
 * call. Written by compiler/scripts/program-types.mjs.
 */
ALLOWED(every,\n  ${wrap(ranges(every))})
ALLOWED(sleeping,\n  ${wrap(ranges(sleeping))})
`;
for (const [name, numbers] of allowed) {
  const own = [...numbers].filter((helper) => !every.includes(helper));
  text += `ALLOWED(${name},\n  ${wrap(ranges(own))})\n`;
}
writeFileSync(join(contexts, 'allowed-helpers.def'), text);

/** System calls that only other CPUs or other builds of the kernel have, from their manual pages. */
const byCount = Array.from({ length: 7 }, () => new Set());
for (const [name, count] of [
  ['delete_module', 2],
  ['fadvise64_64', 4],
  ['finit_module', 3],
  ['init_module', 3],
  ['kexec_file_load', 5],
  ['kexec_load', 4],
  ['map_shadow_stack', 3],
  ['nfsservctl', 3],
  ['sync_file_range2', 4],
  ['riscv_flush_icache', 3],
  ['riscv_hwprobe', 5],
]) {
  byCount[count].add(name);
}
const events = '/sys/kernel/tracing/events/syscalls';
for (const event of readdirSync(events)) {
  if (!event.startsWith('sys_enter_')) continue;
  const format = readFileSync(join(events, event, 'format'), 'utf8');
  const offsets = [...format.matchAll(/^\tfield:.*\toffset:(\d+);/gm)].map((match) => +match[1]);
  byCount[offsets.filter((offset) => offset >= 16).length].add(event.slice('sys_enter_'.length));
}
text = `/*
 * System calls by the number of their arguments, under the kernel's names for them (those of the
 * tracepoints sys_enter_NAME, the same on every CPU). Written by compiler/scripts/program-types.mjs.
 */
`;
byCount.forEach((names, count) => {
  text += `ARGUMENTS(${count},\n  ${wrap([...names].sort().join(' '))})\n`;
});
writeFileSync(join(contexts, 'syscall-arguments.def'), text);
