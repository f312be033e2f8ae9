import { cIdentifier } from '../base/index.ts';
import type { DataSection } from '../object/index.ts';

/** Typedefs that the headers included by a generated header define. */
export const HEADER_TYPES: readonly string[] = [
  ...[8, 16, 32, 64].flatMap((bits) => [`int${bits}_t`, `uint${bits}_t`]),
  ...['intptr_t', 'uintptr_t', 'intmax_t', 'uintmax_t', 'size_t', 'ptrdiff_t', 'wchar_t', 'bool'],
];

/** Words of C or C++ that cannot name a member. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t ' +
    'char32_t class compl concept const consteval constexpr constinit const_cast continue co_await ' +
    'co_return co_yield decltype default delete do double dynamic_cast else enum explicit export ' +
    'extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq ' +
    'nullptr operator or or_eq private protected public register reinterpret_cast requires restrict ' +
    'return short signed sizeof static static_assert static_cast struct switch template this ' +
    'thread_local throw true try typedef typeid typename union unsigned using virtual void volatile ' +
    'wchar_t while xor xor_eq linux unix object progs maps'
  ).split(' '),
);

/** A name as a struct member in C and in C++, apart from the members every skeleton has. */
export function memberName(name: string): string {
  const identifier = cIdentifier(name);
  return KEYWORDS.has(identifier) ? `${identifier}_` : identifier;
}

/** `.data.rel.ro` becomes `data_rel_ro`: what follows `NAME__` in the names of a data section. */
export function sectionName(section: DataSection): string {
  return cIdentifier(section.name.replace(/^\./, ''));
}

/** The names in the same order, later ones of equal names with a number behind them. */
export function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; seen.has(unique); number++) {
      const candidate = `${name}_${number}`;
      if (!taken.has(candidate)) unique = candidate;
    }
    seen.add(unique);
    return unique;
  });
}
