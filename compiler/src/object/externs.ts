import type { Btf } from '../btf/index.ts';
import { Failure, type Place, quote } from '../diag/index.ts';
import { type ElfSymbol, STB_WEAK } from '../elf/index.ts';
import type { Linked } from './convert.ts';
import type { KernelConfigSection } from './kernel-config.ts';

/** A call that compilers put where control must never come. */
const TRAP = '__bpf_trap';

/** What undefined symbols come to: kernel configuration, kernel symbols, mistakes. */
export class Externs {
  readonly #offsets = new Map<string, number>();
  readonly #size: number;
  readonly #kernelConfig: number | undefined;
  readonly #kernelSymbols: ReadonlySet<string>;

  /** `kernelConfig` is the index of the data section that holds the configuration's values. */
  constructor(
    btf: Btf | undefined,
    config: KernelConfigSection | undefined,
    kernelConfig: number | undefined,
  ) {
    for (const { name, offset } of config?.variables ?? []) this.#offsets.set(name, offset);
    this.#size = config?.bytes.length ?? 0;
    this.#kernelConfig = kernelConfig;
    this.#kernelSymbols = kernelSymbols(btf);
  }

  /** The address of an undefined symbol. */
  address(symbol: ElfSymbol, addend: number, place: () => Place): Linked {
    const offset = this.#offsets.get(symbol.name);
    if (offset !== undefined && this.#kernelConfig !== undefined) {
      const at = offset + addend;
      if (at < 0 || at > this.#size) {
        throw new Failure({
          code: 'BPF-O069',
          message: `the address lies outside the kernel configuration's values`,
          place: place(),
        });
      }
      return {
        kind: 'reference',
        reference: { kind: 'data', section: this.#kernelConfig, offset: at },
      };
    }
    if (symbol.binding === STB_WEAK) {
      return { kind: 'reference', reference: { kind: 'value', value: 0n } };
    }
    throw this.#unresolved(symbol, 'symbol', place());
  }

  /** A call of an undefined symbol. */
  call(symbol: ElfSymbol, place: () => Place): Linked {
    if (symbol.name === TRAP) {
      return { kind: 'poison', reason: 'the compiler holds that control never comes here' };
    }
    if (symbol.binding === STB_WEAK) {
      const reason = `the weak kernel function ${quote(symbol.name)} does not exist in user space`;
      return { kind: 'poison', reason };
    }
    throw this.#unresolved(symbol, 'function', place());
  }

  #unresolved(symbol: ElfSymbol, what: 'symbol' | 'function', place: Place): Failure {
    const name = quote(symbol.name);
    if (this.#kernelSymbols.has(symbol.name)) {
      return new Failure({
        code: 'BPF-O060',
        message: `kernel ${what} ${name} is not supported: programs run in user space`,
        place,
        help: 'declare it __weak and test for it (bpf_ksym_exists) to do without it',
      });
    }
    return new Failure({
      code: 'BPF-O061',
      message:
        what === 'function'
          ? `the function ${name} is called, but defined nowhere`
          : `${name} is used, but defined nowhere`,
      place,
      help: 'define it, or link the object that does with bpftool gen object',
    });
  }
}

/** Names that the object declares as `__ksym`. */
function kernelSymbols(btf: Btf | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  const id = btf?.find('.ksyms', 'data_section');
  const section = id === undefined ? undefined : btf?.type(id);
  if (btf === undefined || section?.kind !== 'data_section') return names;
  for (const { type } of section.variables) names.add(btf.name(type));
  return names;
}
