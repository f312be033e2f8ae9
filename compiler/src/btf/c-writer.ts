import { Failure } from '../diag/index.ts';
import { enumMode, isWritableEnum } from './c-enum.ts';
import { Layouts } from './c-layout.ts';
import { constantToC, floatToC, identifier, integerOfSize, integerToC } from './c-names.ts';
import { MemberScope, memberNames } from './c-scope.ts';
import type {
  Btf,
  BtfComposite,
  BtfEnum,
  BtfFunctionPrototype,
  BtfMember,
  TypeId,
} from './types.ts';

/** Types inside types, as deep as a C compiler should be asked to go. */
const DEEPEST = 200;
/** Characters of one declaration or definition; the largest struct of a kernel takes 30,000. */
const LONGEST_DECLARATION = 1024 * 1024;
/** Characters of all definitions together; a whole kernel takes a fifth of it. */
const LONGEST_TEXT = 16 * 1024 * 1024;

type Tag = 'struct' | 'union' | 'enum';

/**
 * Writes types as C for 64-bit Linux, with the layout that BTF says. Definitions come in the order
 * that C needs; what is only pointed to is only declared. Types that share a name get `___2` and
 * so on, so declarations must be written by the same writer as the definitions that they use.
 */
export class CWriter {
  readonly #btf: Btf;
  readonly #layouts: Layouts;
  readonly #declared: ReadonlySet<string>;
  readonly #output: string[] = [];
  #length = 0;
  /** Names of structs, unions, enums and typedefs, once given. */
  readonly #names = new Map<TypeId, string>();
  readonly #tags = new Map<string, Tag>();
  readonly #identifiers = new Set<string>();
  /** Last number that was put behind a name. */
  readonly #counts = new Map<string, number>();
  readonly #enumeratorNames = new Map<TypeId, readonly string[]>();
  readonly #forwarded = new Set<string>();
  readonly #state = new Map<TypeId, 'open' | 'done'>();
  #depth = 0;

  /**
   * `declared`: names of typedefs, and of tags with their keyword (`struct timespec`), that the
   * reader of the text has from elsewhere; they are used, but not defined.
   */
  constructor(btf: Btf, declared: Iterable<string> = []) {
    this.#btf = btf;
    this.#layouts = new Layouts(btf);
    this.#declared = new Set(declared);
  }

  /** Defines a type and everything that its definition needs. */
  define(id: TypeId): void {
    this.#need(id, true);
  }

  /** The definitions so far. */
  text(): string {
    return this.#output.join('\n');
  }

  /**
   * A declaration without its semicolon: `declare(id, 'x')` gives `int x`, `char x[4]`,
   * `int (*x)(void)`. An empty declarator gives the name of the type, as a cast has it.
   */
  declare(id: TypeId, declarator: string): string {
    const text = this.#declare(id, declarator, '', '');
    this.#spend(0, text.length);
    return text;
  }

  #nested<T>(action: () => T): T {
    if (this.#depth >= DEEPEST) this.#refuse(`types nested more than ${DEEPEST} deep`);
    this.#depth += 1;
    try {
      return action();
    } finally {
      this.#depth -= 1;
    }
  }

  #refuse(what: string): never {
    throw new Failure({
      code: 'BPF-B040',
      message: `the BTF has ${what}, which cannot be written in C`,
      place: { file: this.#btf.file },
    });
  }

  #spend(kept: number, current: number): void {
    this.#length += kept;
    if (this.#length > LONGEST_TEXT || current > LONGEST_DECLARATION) {
      this.#refuse('types of enormous length');
    }
  }

  #emit(text: string): void {
    this.#spend(text.length + 1, 0);
    this.#output.push(text);
  }

  /** `complete`: the size must be known; otherwise the name must. */
  #need(id: TypeId, complete: boolean): void {
    this.#nested(() => this.#needNested(id, complete));
  }

  #needNested(id: TypeId, complete: boolean): void {
    const type = this.#btf.type(id);
    switch (type.kind) {
      case 'pointer':
        this.#need(type.target, false);
        break;
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        this.#need(type.target, complete);
        break;
      case 'array':
        // C wants complete elements even behind a pointer.
        this.#need(type.element, true);
        break;
      case 'function_prototype':
        if (this.#state.has(id)) break;
        this.#state.set(id, 'done');
        this.#need(type.result, false);
        for (const parameter of type.parameters) this.#need(parameter.type, false);
        break;
      case 'function':
        this.#need(type.prototype, false);
        break;
      case 'variable':
        this.#need(type.type, true);
        break;
      case 'data_section':
        for (const variable of type.variables) this.#need(variable.type, true);
        break;
      case 'typedef':
        this.#needTypedef(id, type.target, complete);
        break;
      case 'enum':
      case 'enum64':
        this.#needEnum(type);
        break;
      case 'forward':
        this.#forward(type.union ? 'union' : 'struct', this.#nameOf(id));
        break;
      case 'struct':
      case 'union':
        this.#needComposite(type, complete);
        break;
    }
  }

  #needTypedef(id: TypeId, target: TypeId, complete: boolean): void {
    const name = this.#nameOf(id);
    if (!this.#declared.has(name) && this.#btf.name(id) !== BOOL) {
      const state = this.#state.get(id);
      if (state === 'open') this.#refuse(`a type ${name} that is spelled with itself`);
      if (state === undefined) {
        this.#state.set(id, 'open');
        this.#need(target, false);
        this.#emit(`typedef ${this.#declare(target, name, '', '')};\n`);
        this.#state.set(id, 'done');
      }
      if (complete) this.#need(target, true);
    }
  }

  #needEnum(type: BtfEnum): void {
    const name = this.#nameOf(type.id);
    if (name === '' || this.#state.has(type.id) || !isWritableEnum(type)) return;
    this.#state.set(type.id, 'done');
    if (!this.#declared.has(`enum ${name}`)) this.#emit(`${this.#enumBody(type, name, '')};\n`);
  }

  #needComposite(type: BtfComposite, complete: boolean): void {
    const name = this.#nameOf(type.id);
    const state = this.#state.get(type.id);
    if (state === 'done') return;
    if (name !== '' && this.#declared.has(`${type.kind} ${name}`)) return;
    if (name !== '' && !complete) {
      this.#forward(type.kind, name);
      return;
    }
    if (state === 'open') {
      this.#refuse(`a ${type.kind} ${name || 'without a name'} that is defined with itself`);
    }
    this.#state.set(type.id, 'open');
    if (this.#layouts.of(type).mode !== 'opaque') {
      for (const member of type.members) this.#need(member.type, true);
    }
    this.#state.set(type.id, 'done');
    if (name !== '') {
      this.#forwarded.add(`${type.kind} ${name}`);
      this.#emit(`${this.#compositeBody(type, name, '')};\n`);
    }
  }

  #forward(word: Tag, name: string): void {
    const tagged = `${word} ${name}`;
    if (name === '' || this.#forwarded.has(tagged) || this.#declared.has(tagged)) return;
    this.#forwarded.add(tagged);
    this.#emit(`${tagged};\n`);
  }

  /** The C name of a type with a name of its own; empty for anonymous ones. */
  #nameOf(id: TypeId): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const original = this.#btf.name(id);
    if (original === '') return '';
    const type = this.#btf.type(id);
    const wanted = identifier(original);
    let name = wanted;
    if (type.kind === 'typedef') {
      name = this.#unused(wanted, (each) => this.#identifiers.has(each));
      this.#identifiers.add(name);
    } else if (type.kind === 'forward') {
      // The same struct elsewhere: the name is shared, unless it is of another sort.
      const word = type.union ? 'union' : 'struct';
      name = this.#unused(wanted, (each) => (this.#tags.get(each) ?? word) !== word);
    } else {
      const isTaken = (each: string): boolean => this.#tags.has(each);
      name = this.#unused(wanted, isTaken);
      this.#tags.set(name, type.kind === 'enum64' ? 'enum' : (type.kind as Tag));
    }
    this.#names.set(id, name);
    return name;
  }

  #unused(wanted: string, isTaken: (name: string) => boolean): string {
    let name = wanted;
    let count = this.#counts.get(wanted) ?? 1;
    while (isTaken(name)) {
      count += 1;
      name = `${wanted}___${count}`;
    }
    if (count > 1) this.#counts.set(wanted, count);
    return name;
  }

  /** `qualifiers` apply to the type itself; `indent` is for bodies written in place. */
  #declare(id: TypeId, declarator: string, qualifiers: string, indent: string): string {
    return this.#nested(() => this.#declareNested(id, declarator, qualifiers, indent));
  }

  #declareNested(id: TypeId, declarator: string, qualifiers: string, indent: string): string {
    const type = this.#btf.type(id);
    switch (type.kind) {
      case 'const':
      case 'volatile':
      case 'restrict': {
        const isNew = !qualifiers.includes(type.kind);
        const more = isNew ? `${qualifiers}${type.kind} ` : qualifiers;
        return this.#declare(type.target, declarator, more, indent);
      }
      case 'type_tag':
        return this.#declare(type.target, declarator, qualifiers, indent);
      case 'pointer': {
        const target = this.#btf.kind(this.#btf.skipModifiers(type.target));
        const star = `*${`${qualifiers}${declarator}`.trimEnd()}`;
        const inner = target === 'array' || target === 'function_prototype' ? `(${star})` : star;
        return this.#declare(type.target, inner, '', indent);
      }
      case 'array':
        return this.#declare(type.element, `${declarator}[${type.count}]`, qualifiers, indent);
      case 'function_prototype':
        return this.#declare(
          type.result,
          `${declarator}(${this.#parameters(type, indent)})`,
          '',
          indent,
        );
      case 'function':
        return this.#declare(type.prototype, declarator, '', indent);
      case 'variable':
        return this.#declare(type.type, declarator, qualifiers, indent);
    }
    // C has `restrict` for pointers only.
    const base = `${qualifiers.replace('restrict ', '')}${this.#base(id, indent)}`;
    this.#spend(0, base.length + declarator.length);
    return declarator === '' ? base : `${base} ${declarator}`;
  }

  #parameters(type: BtfFunctionPrototype, indent: string): string {
    const list = type.parameters.map((parameter) =>
      this.#declare(
        parameter.type,
        parameter.name === '' ? '' : identifier(parameter.name),
        '',
        indent,
      ),
    );
    if (type.variadic) return list.length === 0 ? '' : `${list.join(', ')}, ...`;
    const text = list.length === 0 ? 'void' : list.join(', ');
    this.#spend(0, text.length);
    return text;
  }

  /** The part of a declaration before the declarator. */
  #base(id: TypeId, indent: string): string {
    const type = this.#btf.type(id);
    switch (type.kind) {
      case 'int':
        return integerToC(type);
      case 'float':
        return floatToC(type);
      case 'typedef':
        return type.name === BOOL ? '_Bool' : this.#nameOf(id);
      case 'forward':
        return `${type.union ? 'union' : 'struct'} ${this.#nameOf(id)}`;
      case 'struct':
      case 'union': {
        const name = this.#nameOf(id);
        return name === '' ? this.#compositeBody(type, '', indent) : `${type.kind} ${name}`;
      }
      case 'enum':
      case 'enum64': {
        if (!isWritableEnum(type)) return integerOfSize(type.size, type.signed);
        const name = this.#nameOf(id);
        if (name !== '') return `enum ${name}`;
        // Written out a second time its enumerators would be defined twice.
        if (this.#enumeratorNames.has(id)) return integerOfSize(type.size, type.signed);
        return this.#enumBody(type, '', indent);
      }
      default:
        return 'void';
    }
  }

  /** `scope` is that of the enclosing struct when the body is an anonymous member. */
  #compositeBody(type: BtfComposite, name: string, indent: string, scope?: MemberScope): string {
    return this.#nested(() => {
      const names = scope ?? new MemberScope(memberNames(this.#btf, type));
      return this.#writeBody(type, name, indent, names);
    });
  }

  #writeBody(type: BtfComposite, name: string, indent: string, scope: MemberScope): string {
    const layout = this.#layouts.of(type);
    const inner = `${indent}\t`;
    const lines = [name === '' ? `${type.kind} {` : `${type.kind} ${name} {`];
    let length = 0;
    const add = (line: string): void => {
      lines.push(`${inner}${line};`);
      length += line.length;
      this.#spend(0, length);
    };
    if (layout.mode === 'opaque') {
      add(`/* members that C cannot lay out */ unsigned char ${scope.padding()}[${type.size}]`);
    }
    for (const piece of layout.pieces) {
      if (piece.kind === 'padding_bytes') {
        add(`unsigned char ${scope.padding()}[${piece.count}]`);
      } else if (piece.kind === 'padding_bits') {
        add(`unsigned char : ${piece.count}`);
      } else {
        add(this.#memberToC(type.members[piece.index]!, inner, scope));
      }
    }
    lines.push(`${indent}}${layout.mode === 'packed' ? ' __attribute__((packed))' : ''}`);
    return lines.join('\n');
  }

  #memberToC(member: BtfMember, indent: string, scope: MemberScope): string {
    const type = this.#btf.type(member.type);
    const isComposite = type.kind === 'struct' || type.kind === 'union';
    if (member.name === '' && isComposite && type.name === '') {
      return this.#compositeBody(type, '', indent, scope);
    }
    // Other members without a name exist only where compilers extend C.
    const name = scope.member(member.name === '' ? 'unnamed' : identifier(member.name));
    const declared = this.#declare(member.type, name, '', indent);
    return member.bitfieldSize > 0 ? `${declared} : ${member.bitfieldSize}` : declared;
  }

  #enumBody(type: BtfEnum, name: string, indent: string): string {
    let names = this.#enumeratorNames.get(type.id);
    if (names === undefined) {
      names = type.values.map((value) => {
        const unused = this.#unused(identifier(value.name), (each) => this.#identifiers.has(each));
        this.#identifiers.add(unused);
        return unused;
      });
      this.#enumeratorNames.set(type.id, names);
    }
    const lines = [name === '' ? 'enum {' : `enum ${name} {`];
    for (const [index, value] of type.values.entries()) {
      lines.push(`${indent}\t${names[index]} = ${constantToC(value.value)},`);
    }
    const mode = enumMode(type);
    lines.push(`${indent}}${mode === undefined ? '' : ` __attribute__((mode(${mode})))`}`);
    return lines.join('\n');
  }
}

/** C has its own word for this typedef, and a header macro of the same name. */
const BOOL = 'bool';

/** Definitions of types and of all that they need, as C text. */
export function declarationsToC(btf: Btf, types: Iterable<TypeId>): string {
  const writer = new CWriter(btf);
  for (const id of types) writer.define(id);
  return writer.text();
}

/** One declaration in C without its semicolon; with an empty declarator the name of the type. */
export function typeName(btf: Btf, id: TypeId, declarator = ''): string {
  return new CWriter(btf).declare(id, declarator);
}
