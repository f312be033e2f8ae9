/** Programs that the compiler, its tests or its build can use. */
export type ToolName =
  | 'clang'
  | 'ld.lld'
  | 'llvm-ar'
  | 'llvm-objdump'
  | 'llvm-readelf'
  | 'qemu-x86_64'
  | 'qemu-aarch64'
  | 'qemu-riscv64'
  | 'bpftool'
  | 'gdb';

/** How a tool is found and judged. */
export interface ToolKind {
  readonly purpose: string;
  /** Part of an LLVM release: looked for as `name-19` down to `name-14`, then in LLVM's own directories. */
  readonly llvm: boolean;
  /** Other names of the same program. */
  readonly alternatives: readonly string[];
  /** First number of the oldest version that will do. */
  readonly oldest: number;
  /** Debian and Ubuntu package; `NN` stands for an LLVM version. */
  readonly debianPackage: string;
  /** Without it the main commands do not work. */
  readonly required: boolean;
}

/** Newest first: 19 is what everything is tested with. */
export const LLVM_VERSIONS: readonly number[] = [19, 18, 17, 16, 15, 14];

function llvmTool(purpose: string, debianPackage: string, required = false): ToolKind {
  return { purpose, llvm: true, alternatives: [], oldest: 14, debianPackage, required };
}

function emulator(cpu: string): ToolKind {
  return {
    purpose: `run programs built for ${cpu}`,
    llvm: false,
    alternatives: [`qemu-${cpu}-static`],
    oldest: 5,
    debianPackage: 'qemu-user',
    required: false,
  };
}

function other(purpose: string, debianPackage: string, oldest: number): ToolKind {
  return { purpose, llvm: false, alternatives: [], oldest, debianPackage, required: false };
}

export const TOOLS: Readonly<Record<ToolName, ToolKind>> = {
  'ld.lld': llvmTool('link executables and shared objects', 'lld-NN', true),
  clang: llvmTool('compile the runtime, and BPF sources', 'clang-NN'),
  'llvm-ar': llvmTool('archive the runtime', 'llvm-NN'),
  'llvm-objdump': llvmTool('disassemble native code in tests', 'llvm-NN'),
  'llvm-readelf': llvmTool('look into objects in tests', 'llvm-NN'),
  'qemu-x86_64': emulator('x86_64'),
  'qemu-aarch64': emulator('aarch64'),
  'qemu-riscv64': emulator('riscv64'),
  bpftool: other('link BPF objects in tests', 'bpftool', 5),
  gdb: other('check debug information in tests', 'gdb', 10),
};

/** Every tool, in the order in which `doctor` lists them. */
export const toolNames: readonly ToolName[] = Object.keys(TOOLS) as ToolName[];

/** Environment variable with which a user names the program to use: `BPFTIME_LD_LLD`. */
export function overrideVariable(name: ToolName): string {
  return `BPFTIME_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/** The command that installs a tool on Debian and Ubuntu. */
export function installCommand(name: ToolName): string {
  return `apt-get install ${TOOLS[name].debianPackage.replace('NN', String(LLVM_VERSIONS[0]))}`;
}
