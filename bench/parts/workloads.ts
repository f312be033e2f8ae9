import { frames, magnitudes, prose, randomBytes, strings } from './inputs.ts';

/** One workload: the source is workloads/<name>.c. */
export interface Workload {
  readonly name: string;
  readonly what: string;
  readonly input: () => Uint8Array;
  /** Why our verifier does not prove it, where it does not: it is built without proof then. */
  readonly unproved?: string;
}

const NO_END =
  'accesses rest on half the length, which no comparison ties to the end of the memory';

/** Every workload, in the order of the report. */
export const WORKLOADS: readonly Workload[] = [
  { name: 'return', what: 'return a constant', input: () => new Uint8Array(64) },
  { name: 'add', what: 'two loads and an add', input: () => randomBytes('add', 64) },
  { name: 'log2', what: 'integer logarithm by shifting', input: () => magnitudes('log2', 64) },
  { name: 'primes', what: 'primes by trial division', input: () => new Uint8Array(64) },
  {
    name: 'copy',
    what: 'byte-wise copy of 1 MiB',
    input: () => randomBytes('copy', 2 << 20),
    unproved: NO_END,
  },
  {
    name: 'strings_equal',
    what: 'compare equal strings',
    input: () => strings('strings', 1000),
    unproved: NO_END,
  },
  {
    name: 'strings_differ',
    what: 'compare strings that differ late',
    input: () => strings('strings', 1000, 990),
    unproved: NO_END,
  },
  { name: 'switch', what: 'switch of 200 cases', input: () => randomBytes('switch', 512) },
  { name: 'packet', what: 'packet parser', input: () => frames('packet', 64) },
  { name: 'map_counter', what: 'hash-map counter', input: () => randomBytes('map', 1024) },
  {
    name: 'scan',
    what: 'string scan',
    input: () => prose('scan', 4096),
    unproved: 'four undecided branches in each of 4096 rounds are more than 8192 in a row',
  },
  { name: 'checksum', what: '16-bit checksum', input: () => randomBytes('checksum', 1500) },
  { name: 'sha256', what: 'SHA-256 of four blocks', input: () => randomBytes('sha256', 256) },
  { name: 'calls', what: 'local calls', input: () => randomBytes('calls', 64) },
];
