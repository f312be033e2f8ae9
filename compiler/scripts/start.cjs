// Starts a bundled program together with the machine code that V8 made of it earlier. Compiling the
// script anew at every start would cost more time than compiling a BPF program.
// usage: start.cjs [arguments of bpftime-aot]
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vm = require('node:vm');

const filename = join(__dirname, 'bpftime-aot.cjs');
const cacheFile = join(__dirname, 'bpftime-aot.cache');

let cachedData;
try {
  if (!process.env.BPFTIME_WRITE_CODE_CACHE) cachedData = readFileSync(cacheFile);
} catch {
  // Without the cache it only starts more slowly.
}

// The bundler writes ASCII only, and latin1 is the quicker way to read that.
const source = readFileSync(filename, 'latin1');
const script = new vm.Script(
  `(function (require, module, exports, __filename, __dirname) {${source}\n})`,
  {
    filename,
    cachedData,
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  },
);
script.runInThisContext()(require, module, module.exports, filename, __dirname);

if (process.env.BPFTIME_WRITE_CODE_CACHE) {
  process.on('exit', () => writeFileSync(cacheFile, script.createCachedData()));
}
