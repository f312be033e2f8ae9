/**
 * cli: the command line, one file a command in `commands/`.
 * In: words. Out: text or JSON on the standard streams, an exit code.
 * Formats results; all work is done by the driver.
 */
export { main } from './main.ts';
