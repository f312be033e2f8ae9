/** Calls and exits, for the walk. */
export { exitFunction } from './exit.ts';
export { callFunction, callKernel, callRegister } from './functions.ts';
export { callHelper } from './helper-call.ts';
