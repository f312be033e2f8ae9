/**
 * link: native objects become what the user asked for.
 * In: object files and a target, or an object's types. Out: executables, shared objects, C headers,
 * make rules; and files written whole or not at all.
 * Does not know how code was generated.
 */
export { dependencyFile } from './dependencies.ts';
export { emitHeader } from './header.ts';
export { type LinkOptions, linkRunner, linkShared } from './link.ts';
export { writeOutput } from './output.ts';
