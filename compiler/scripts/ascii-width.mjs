// Stands in for the package string-width inside the bundle: columns of ASCII text.
export default function stringWidth(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences start with ESC
  return text.replace(/\u001b\[[0-9;]*m/g, '').length;
}
