// A scanner for TypeScript that knows only where comments, strings and regular expressions are.

/** A slash begins a regular expression where a value may begin: after these, or at the start. */
const BEFORE_VALUE =
  /(?:[([{,;=:?!&|+\-*%<>~^}]|\b(?:return|typeof|case|in|of|void|yield|await))\s?$/;

/**
 * The text twice, at equal length and with its lines kept: with comments blanked, and with the contents
 * of strings, templates and regular expressions blanked as well. Code inside `${}` stays.
 */
export function maskComments(text) {
  const withStrings = text.split('');
  const withoutStrings = [...withStrings];
  const blank = (list, from, to) => {
    for (let index = from; index < to && index < list.length; index++) {
      if (list[index] !== '\n') list[index] = ' ';
    }
  };
  /** Open `${` of templates, by the depth of braces at which each ends. */
  const templates = [];
  let depth = 0;
  let code = '';
  let at = 0;

  const template = () => {
    const start = at;
    while (at < text.length && text[at] !== '`') {
      if (text.startsWith('${', at)) {
        blank(withoutStrings, start, at);
        templates.push(depth++);
        at += 2;
        return;
      }
      at += text[at] === '\\' ? 2 : 1;
    }
    blank(withoutStrings, start, at);
    at++;
    code = ')';
  };

  while (at < text.length) {
    const character = text[at];
    if (text.startsWith('//', at)) {
      const end = endOf(text, '\n', at);
      blank(withStrings, at, end);
      blank(withoutStrings, at, end);
      at = end;
    } else if (text.startsWith('/*', at)) {
      const end = endOf(text, '*/', at + 2) + 2;
      blank(withStrings, at, end);
      blank(withoutStrings, at, end);
      at = end;
    } else if (character === "'" || character === '"') {
      const end = endOfQuoted(text, at + 1, character);
      blank(withoutStrings, at + 1, end);
      at = end + 1;
      code = ')';
    } else if (character === '`') {
      at++;
      template();
    } else if (character === '/' && (code.trim() === '' || BEFORE_VALUE.test(code))) {
      const end = endOfExpression(text, at + 1);
      blank(withoutStrings, at + 1, end);
      at = end + 1;
      code = ')';
    } else {
      if (character === '{') depth++;
      if (character === '}') depth--;
      if (character === '}' && templates.at(-1) === depth) {
        templates.pop();
        at++;
        template();
        continue;
      }
      if (!/\s/.test(character)) code = code.slice(-12) + character;
      else if (!code.endsWith(' ')) code += ' ';
      at++;
    }
  }
  return { withStrings: withStrings.join(''), withoutStrings: withoutStrings.join('') };
}

function endOf(text, what, from) {
  const end = text.indexOf(what, from);
  return end < 0 ? text.length : end;
}

function endOfQuoted(text, from, quote) {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

function endOfExpression(text, from) {
  let inClass = false;
  let at = from;
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}
