/** The objects inside the programs of libbpf-tools: each holds its skeleton, a whole ELF file. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadTargetBtf } from '../../../src/btf/index.ts';
import { CollectingSink } from '../../../src/diag/index.ts';
import { parseElf } from '../../../src/elf/index.ts';
import { type BpfObject, buildObject, type ObjectOptions } from '../../../src/object/index.ts';

/** What was loaded, or why it could not be read. */
export interface Captured {
  /** The tool, or the script and the order in which it loaded the program. */
  readonly source: string;
  readonly object: BpfObject | undefined;
  readonly failure?: unknown;
}

/** Relocatable, for BPF: the first 20 bytes of the file. */
const HEADER = Buffer.from('7f454c460201010000000000000000000100f700', 'hex');

/** Bytes of the BPF object inside a program; undefined when there is none. */
export function embeddedObject(bytes: Buffer): Uint8Array | undefined {
  const start = bytes.indexOf(HEADER);
  if (start < 0 || start + 64 > bytes.length) return undefined;
  // The section headers come last.
  const headers = Number(bytes.readBigUInt64LE(start + 40));
  const end = headers + bytes.readUInt16LE(start + 58) * bytes.readUInt16LE(start + 60);
  return end > 64 && start + end <= bytes.length ? bytes.subarray(start, start + end) : undefined;
}

/** Files of an installed Debian package; empty when it is not installed. */
export function packageFiles(name: string): readonly string[] {
  try {
    const list = execFileSync('dpkg', ['-L', name], { stdio: ['ignore', 'pipe', 'ignore'] });
    return list.toString().split('\n').filter(existsSync);
  } catch {
    return [];
  }
}

function kernelFacts(): ObjectOptions {
  const types = '/sys/kernel/btf/vmlinux';
  const config = '/proc/config.gz';
  return {
    ...(existsSync(types) && { targetBtf: loadTargetBtf(readFileSync(types), types) }),
    ...(existsSync(config) && { kernelConfig: gunzipSync(readFileSync(config)).toString() }),
  };
}

/** What libbpf-tools load, relocated against the running kernel's types as its loader does. */
export function skeletons(): readonly Captured[] {
  const files = packageFiles('libbpf-tools').filter((file) => file.startsWith('/usr/sbin/'));
  if (files.length === 0) return [];
  const facts = kernelFacts();
  const seen = new Set<string>();
  const found: Captured[] = [];
  for (const file of files.sort()) {
    const bytes = embeddedObject(readFileSync(file));
    if (bytes === undefined) continue;
    // Some tools are one program under several names.
    const text = Buffer.from(bytes).toString('latin1');
    if (seen.has(text)) continue;
    seen.add(text);
    const source = `libbpf-tools/${basename(file)}`;
    try {
      const object = buildObject(parseElf(bytes, source), facts, new CollectingSink());
      found.push({ source, object });
    } catch (failure) {
      found.push({ source, object: undefined, failure });
    }
  }
  return found;
}
