import type { BpfObject } from '../object/index.ts';
import { quotedText } from './text.ts';

/**
 * DWARF in LLVM's terms: a unit for the object, a subprogram for each function, a location for each
 * instruction that has a C source line. Code without a line gets line 0 of its function.
 */
export class DebugInformation {
  readonly #object: BpfObject;
  readonly #nodes: string[] = [];
  readonly #files = new Map<string, number>();
  readonly #scopes = new Map<string, number>();
  readonly #locations = new Map<string, number>();
  readonly #subprograms = new Map<number, { readonly node: number; readonly file: string }>();
  readonly #unit: number;
  readonly #signature: number;
  /** The C file of the unit. */
  readonly #source: string;

  constructor(object: BpfObject) {
    this.#object = object;
    this.#source = firstFile(object);
    this.#unit = this.#add('');
    const main = this.#file(this.#source);
    this.#nodes[this.#unit] =
      `distinct !DICompileUnit(language: DW_LANG_C11, file: !${main}, producer: "bpftime-aot", ` +
      'isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug)';
    const types = this.#add('!{null}');
    this.#signature = this.#add(`!DISubroutineType(types: !${types})`);
  }

  /** ` !dbg !n` for the definition of a function; debuggers know it by its name in C. */
  subprogram(index: number): string {
    const code = this.#object.functions[index]!;
    const place = this.#object.place(index, 0);
    const name = place.line === undefined ? this.#source : place.file;
    const file = this.#file(name);
    const line = place.line ?? 0;
    const flags = code.linkage === 'static' ? 'DISPFlagLocalToUnit | ' : '';
    const node = this.#add(
      `distinct !DISubprogram(name: ${quotedText(code.name)}, scope: !${file}, ` +
        `file: !${file}, line: ${line}, type: !${this.#signature}, ` +
        `scopeLine: ${line}, spFlags: ${flags}DISPFlagDefinition | DISPFlagOptimized, ` +
        `unit: !${this.#unit})`,
    );
    this.#subprograms.set(index, { node, file: name });
    return ` !dbg !${node}`;
  }

  /** `, !dbg !n` for an instruction of a function whose subprogram is there. */
  location(index: number, instruction: number): string {
    const subprogram = this.#subprograms.get(index);
    if (subprogram === undefined) return '';
    const place = this.#object.place(index, instruction);
    const line = place.line ?? 0;
    const column = place.line === undefined ? 0 : Math.min(place.column ?? 0, 0xffff);
    const scope =
      place.line === undefined || place.file === subprogram.file
        ? subprogram.node
        : this.#scope(subprogram.node, place.file);
    const key = `${scope} ${line} ${column}`;
    let node = this.#locations.get(key);
    if (node === undefined) {
      node = this.#add(`!DILocation(line: ${line}, column: ${column}, scope: !${scope})`);
      this.#locations.set(key, node);
    }
    return `, !dbg !${node}`;
  }

  /** The metadata at the end of the module. */
  text(): string {
    const flags = [
      this.#add('!{i32 7, !"Dwarf Version", i32 4}'),
      this.#add('!{i32 2, !"Debug Info Version", i32 3}'),
    ];
    return [
      `!llvm.dbg.cu = !{!${this.#unit}}`,
      `!llvm.module.flags = !{${flags.map((flag) => `!${flag}`).join(', ')}}`,
      ...this.#nodes.map((node, index) => `!${index} = ${node}`),
    ].join('\n');
  }

  #add(node: string): number {
    return this.#nodes.push(node) - 1;
  }

  #file(name: string): number {
    let node = this.#files.get(name);
    if (node === undefined) {
      node = this.#add(`!DIFile(filename: ${quotedText(name)}, directory: "")`);
      this.#files.set(name, node);
    }
    return node;
  }

  /** Code of an included file inside a function. */
  #scope(subprogram: number, name: string): number {
    const key = `${subprogram} ${name}`;
    let node = this.#scopes.get(key);
    if (node === undefined) {
      const file = this.#file(name);
      node = this.#add(
        `!DILexicalBlockFile(scope: !${subprogram}, file: !${file}, discriminator: 0)`,
      );
      this.#scopes.set(key, node);
    }
    return node;
  }
}

/** The C file of the first function that has one. */
function firstFile(object: BpfObject): string {
  for (const code of object.functions) {
    const place = object.place(code.index, 0);
    if (place.line !== undefined) return place.file;
  }
  return `${object.name}.bpf.c`;
}
