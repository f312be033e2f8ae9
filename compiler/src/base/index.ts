/**
 * base: what every room may use and nothing depends on the domain.
 * Checked reading of untrusted bytes, 64-bit integers, the place of the installation.
 * Knows nothing of ELF, BPF, LLVM or diagnostics.
 */
export { packageRoot } from './root.ts';
