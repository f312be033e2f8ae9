/** The words between the brackets of each `NAME(word, word word ...)` of a `.def` file. */
export function entries(text: string, name: string): readonly (readonly string[])[] {
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, '');
  return [...bare.matchAll(/(\w+)\(([^)]*)\)/g)]
    .filter((match) => match[1] === name)
    .map((match) => match[2]!.split(/[\s,]+/).filter((word) => word !== ''));
}
