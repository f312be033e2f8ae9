/**
 * base: what every room may use and nothing depends on the domain.
 * In: bytes, integers, words. Out: checked reads, 64-bit halves, likely spellings, the place of the
 * installation.
 * Knows nothing of ELF, BPF, LLVM or diagnostics.
 */
export { fromBase16 } from './base16.ts';
export { ByteReader, OutOfBounds } from './bytes.ts';
export { fromHalves, highHalf, lowHalf, signed64, unsigned64 } from './integer.ts';
export { packageRoot } from './root.ts';
export { cIdentifier, closest, editDistance } from './words.ts';
