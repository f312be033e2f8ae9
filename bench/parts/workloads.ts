import { frames, magnitudes, prose, randomBytes, strings } from './inputs.ts';

/** One workload: the source is workloads/<name>.c. */
export interface Workload {
  readonly name: string;
  readonly what: string;
  readonly input: () => Uint8Array;
}

/** Every workload, in the order of the report. */
export const WORKLOADS: readonly Workload[] = [
  { name: 'return', what: 'return a constant', input: () => new Uint8Array(64) },
  { name: 'add', what: 'two loads and an add', input: () => randomBytes('add', 64) },
  { name: 'log2', what: 'integer logarithm by shifting', input: () => magnitudes('log2', 64) },
  { name: 'primes', what: 'primes by trial division', input: () => new Uint8Array(64) },
  { name: 'copy', what: 'byte-wise copy of 1 MiB', input: () => randomBytes('copy', 2 << 20) },
  { name: 'strings_equal', what: 'compare equal strings', input: () => strings('strings', 1000) },
  {
    name: 'strings_differ',
    what: 'compare strings that differ late',
    input: () => strings('strings', 1000, 990),
  },
  { name: 'switch', what: 'switch of 200 cases', input: () => randomBytes('switch', 512) },
  { name: 'packet', what: 'packet parser', input: () => frames('packet', 64) },
  { name: 'map_counter', what: 'hash-map counter', input: () => randomBytes('map', 1024) },
  { name: 'scan', what: 'string scan', input: () => prose('scan', 4096) },
  { name: 'checksum', what: '16-bit checksum', input: () => randomBytes('checksum', 1500) },
  { name: 'sha256', what: 'SHA-256 of four blocks', input: () => randomBytes('sha256', 256) },
  { name: 'calls', what: 'local calls', input: () => randomBytes('calls', 64) },
];
