/** `.def` files of runtime-native are bundled as text. */
declare module '*.def' {
  const text: string;
  export default text;
}
