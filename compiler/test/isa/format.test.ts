import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, encode, formatInstruction, type Instruction } from '../../src/isa/index.ts';
import { instructions } from '../support/arbitrary.ts';

/** A relocatable BPF object with nothing but `code` in .text. */
function objectWith(code: Uint8Array): Uint8Array {
  const names = Buffer.from('\0.text\0.shstrtab\0');
  const codeAt = 64;
  const namesAt = codeAt + code.length;
  const headersAt = namesAt + names.length;
  const file = Buffer.alloc(headersAt + 3 * 64);
  Buffer.from('7f454c46020101', 'hex').copy(file);
  file.writeUInt16LE(1, 16); // ET_REL
  file.writeUInt16LE(247, 18); // EM_BPF
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(headersAt), 40);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(3, 60);
  file.writeUInt16LE(2, 62);
  file.set(code, codeAt);
  names.copy(file, namesAt);
  const section = (index: number, name: number, type: number, at: number, size: number): void => {
    const header = headersAt + index * 64;
    file.writeUInt32LE(name, header);
    file.writeUInt32LE(type, header + 4);
    file.writeBigUInt64LE(type === 1 ? 6n : 0n, header + 8);
    file.writeBigUInt64LE(BigInt(at), header + 24);
    file.writeBigUInt64LE(BigInt(size), header + 32);
    file.writeBigUInt64LE(1n, header + 48);
  };
  section(1, 1, 1, codeAt, code.length);
  section(2, 7, 3, namesAt, names.length);
  return file;
}

/** What llvm-objdump prints for each instruction, or undefined where it is not installed. */
function disassembled(code: Uint8Array): string[] | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'bpf-format-'));
  try {
    const path = join(directory, 'code.o');
    writeFileSync(path, objectWith(code));
    const options = ['-d', '--mcpu=v4', '--no-show-raw-insn', path];
    const text = execFileSync('llvm-objdump-19', options, { encoding: 'utf8' });
    return text
      .split('\n')
      .map((line) => /^\s*[0-9a-f]+:\s+(.*)$/.exec(line)?.[1])
      .filter((line) => line !== undefined)
      .map((line) => line.replace(/\s*<\.text[^>]*>$/, '').replaceAll('\t', ' '));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.log('skip: llvm-objdump-19 is not installed');
    return undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What llvm-objdump 19 does not know, or prints without all of its operands. */
function knownToObjdump(instruction: Instruction): boolean {
  switch (instruction.kind) {
    case 'atomic':
      return instruction.operator !== 'load_acquire' && instruction.operator !== 'store_release';
    case 'constant':
      return instruction.pseudo === 0;
    case 'legacy_load':
      return instruction.index === undefined || instruction.immediate === 0;
    case 'call_register':
      return instruction.inImmediate === undefined;
    default:
      return true;
  }
}

test('random instructions print as llvm-objdump prints them', () => {
  const kinds = new Set<string>();
  const samples = fc.sample(instructions, { numRuns: 400, seed: 9669 });
  for (let from = 0; from < samples.length; from += 100) {
    // One sequence of many, because starting the disassembler costs more than its work.
    const drawn = samples.slice(from, from + 100).flatMap((sequence) =>
      sequence.filter(knownToObjdump).map((instruction) => {
        kinds.add(instruction.kind);
        return instruction;
      }),
    );
    const targeted = drawn.map((instruction, index) =>
      'target' in instruction
        ? {
            ...instruction,
            target: Math.max(0, Math.min(drawn.length - 1, index - 20 + (instruction.target % 41))),
          }
        : instruction,
    );
    const code = encode(targeted);
    const expected = disassembled(code);
    if (expected === undefined) return;
    const decoded = decode(code, { file: 'code.o', section: '.text' }).instructions;
    const printed = decoded.map((instruction) => formatInstruction(instruction, decoded));
    assert.is(expected.length, printed.length);
    printed.forEach((line, index) => {
      assert.is(line, expected[index], `instruction ${index}`);
    });
  }
  assert.is(kinds.size, 18);
});

const texts: readonly (readonly [hex: string, text: string])[] = [
  ['bf61080000000000', 'r1 = (s8)r6'],
  ['7912f8ff00000000', 'r2 = *(u64 *)(r1 - 0x8)'],
  ['9112000000000000', 'r2 = *(s8 *)(r1 + 0x0)'],
  ['b401000080000000', 'w1 = 0x80'],
  ['db21000000010000', 'r1 = load_acquire((u64 *)(r2 + 0x0))'],
  ['d321080010010000', 'store_release((u8 *)(r1 + 0x8), w2)'],
  ['18110000050000000000000000000000', 'ld_pseudo r1, 0x1, 0x5, 0x0'],
  ['4030000004000000', 'r0 = *(u32 *)skb[r3 + 0x4]'],
  ['8d00000003000000', 'callx r3'],
];

test('what llvm-objdump does not know prints in the same manner', () => {
  for (const [hex, text] of texts) {
    const { instructions: decoded } = decode(Buffer.from(hex, 'hex'), { file: '', section: '' });
    assert.is(formatInstruction(decoded[0]!, decoded), text);
  }
});

test('without the other instructions a target prints as an index', () => {
  assert.is(formatInstruction({ kind: 'jump', slot: 4, target: 7 }), 'goto @7');
  assert.is(formatInstruction({ kind: 'call_local', slot: 4, target: 7 }), 'call @7');
});

test.run();
