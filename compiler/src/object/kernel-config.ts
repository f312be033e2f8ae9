import type { Btf, TypeId } from '../btf/index.ts';
import { Failure, quote } from '../diag/index.ts';
import { type ElfFile, type ElfSymbol, SHN_UNDEF, STB_WEAK } from '../elf/index.ts';
import { configBytes, configShape } from './kernel-config-value.ts';
import type { DataVariable } from './types.ts';

/** What the user says about the kernel that `__kconfig` externs ask for. */
export interface KernelFacts {
  /** Text of a kernel configuration file (`/boot/config-...`). */
  readonly kernelConfig?: string;
  /** `6.1.0`; by default what the head of the configuration file says. */
  readonly kernelVersion?: string;
}

/** The resolved `__kconfig` externs, laid out as one section. */
export interface KernelConfigSection {
  readonly bytes: Uint8Array;
  readonly variables: readonly DataVariable[];
}

interface Extern {
  readonly name: string;
  readonly type: TypeId;
  readonly size: number;
  readonly alignment: number;
  readonly weak: boolean;
}

/** Undefined symbols by name. */
export function undefinedSymbols(elf: ElfFile): ReadonlyMap<string, ElfSymbol> {
  const symbols = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols) {
    if (symbol.sectionIndex === SHN_UNDEF && symbol.name !== '') symbols.set(symbol.name, symbol);
  }
  return symbols;
}

/** Gives every `__kconfig` extern its value; undefined when the object has none. */
export function resolveKernelConfig(
  btf: Btf,
  symbols: ReadonlyMap<string, ElfSymbol>,
  facts: KernelFacts,
  file: string,
): KernelConfigSection | undefined {
  const externs = externsOf(btf, symbols);
  if (externs.length === 0) return undefined;
  const values = virtualValues(facts, file);
  for (const [name, value] of parseKernelConfig(facts.kernelConfig ?? '')) values.set(name, value);
  const variables: DataVariable[] = [];
  const parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  for (const { name, type, size, alignment, weak } of externs) {
    const shape = configShape(btf, name, type, file);
    const text = values.get(name);
    if (text === undefined && !weak) throw missing(name, facts, file);
    const bytes = text === undefined ? new Uint8Array(size) : configBytes(shape, name, text, file);
    const offset = Math.ceil(end / alignment) * alignment;
    end = offset + size;
    parts.push({ offset, bytes });
    variables.push({ name, offset, size, type, volatile: false, global: true });
  }
  const bytes = new Uint8Array(end);
  for (const part of parts) bytes.set(part.bytes, part.offset);
  return { bytes, variables };
}

/** No value of a kernel configuration is longer; larger externs are nonsense. */
const LARGEST_EXTERN = 4096;

function externsOf(btf: Btf, symbols: ReadonlyMap<string, ElfSymbol>): Extern[] {
  const id = btf.find('.kconfig', 'data_section');
  const section = id === undefined ? undefined : btf.type(id);
  if (section?.kind !== 'data_section') return [];
  const externs = new Map<string, Extern>();
  for (const entry of section.variables) {
    const variable = btf.type(entry.type);
    if (variable.kind !== 'variable') continue;
    const symbol = symbols.get(variable.name);
    if (symbol === undefined) continue;
    const size = btf.size(variable.type);
    if (size === 0 || size > LARGEST_EXTERN) {
      throw new Failure({
        code: 'BPF-O040',
        message: `the extern ${quote(variable.name)} has a type of ${size} bytes, which no kernel configuration value has`,
        place: { file: btf.file },
      });
    }
    externs.set(variable.name, {
      name: variable.name,
      type: variable.type,
      size,
      alignment: Math.max(1, btf.alignment(variable.type)),
      weak: symbol.binding === STB_WEAK,
    });
  }
  return [...externs.values()].sort(
    (left, right) =>
      right.alignment - left.alignment ||
      right.size - left.size ||
      (left.name < right.name ? -1 : 1),
  );
}

/**
 * Externs that no configuration file has. In user space system calls pass their arguments in the
 * registers themselves (no wrapper with a second pt_regs), and every attachment has its cookie.
 */
function virtualValues(facts: KernelFacts, file: string): Map<string, string> {
  const values = new Map([
    ['LINUX_HAS_SYSCALL_WRAPPER', '0'],
    ['LINUX_HAS_BPF_COOKIE', '1'],
  ]);
  const fromHead = /^#\s*Linux\/\S+ (\d+\.\d+(?:\.\d+)?)\S* Kernel Configuration/m;
  const text = facts.kernelVersion ?? fromHead.exec(facts.kernelConfig?.slice(0, 4096) ?? '')?.[1];
  if (text !== undefined) values.set('LINUX_KERNEL_VERSION', String(versionCode(text, file)));
  return values;
}

/** KERNEL_VERSION() of `major.minor[.patch][-anything]`. */
function versionCode(text: string, file: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,5}))?(?:[-+.~].*)?$/.exec(text.trim());
  if (match === null || Number(match[2]) > 255) {
    throw new Failure(
      {
        code: 'BPF-O041',
        message: `${quote(text)} is no kernel version`,
        place: { file },
        help: 'write it as major.minor.patch, for example 6.1.0',
      },
      'usage',
    );
  }
  // The kernel itself cuts the patch level at 255.
  const patch = Math.min(255, Number(match[3] ?? '0'));
  return Number(match[1]) * 65536 + Number(match[2]) * 256 + patch;
}

/** Names and values of a kernel configuration file; options that are not set are left out. */
export function parseKernelConfig(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    const trimmed = line.trim();
    if (!trimmed.startsWith('CONFIG_')) return;
    const equals = trimmed.indexOf('=');
    if (equals < 0 || equals === trimmed.length - 1) {
      throw new Failure({
        code: 'BPF-O042',
        message: `the kernel configuration's line ${index + 1} has no value: ${quote(trimmed)}`,
        help: 'lines have the form CONFIG_NAME=y',
      });
    }
    values.set(trimmed.slice(0, equals), trimmed.slice(equals + 1));
  });
  return values;
}

function missing(name: string, facts: KernelFacts, file: string): Failure {
  const isVersion = name === 'LINUX_KERNEL_VERSION';
  const isOption = name.startsWith('CONFIG_');
  let help: string | undefined;
  if (isVersion)
    help = 'name the version with --kernel-version, for example --kernel-version 6.1.0';
  else if (isOption && facts.kernelConfig === undefined) {
    help = 'name a kernel configuration file with --kernel-config, or declare the extern __weak';
  } else if (isOption) help = 'declare the extern __weak when 0 is right for an unset option';
  return new Failure({
    code: 'BPF-O043',
    message: `the __kconfig extern ${quote(name)} has no value`,
    place: { file },
    ...(help === undefined ? {} : { help }),
  });
}
