'use strict';
// Sends uploads while this thread waits, because at the end of a process no event is dispatched any more.
// A worker thread does it: it costs some 30 ms once, where a child process would need a second Node's
// memory within the pod's limit.
const path = require('node:path');
const { Worker } = require('node:worker_threads'); // as it is before others instrument it

// Returns after `budgetMs` at the latest. uploads: [{ url, headers, body }]
exports.sendNow = function (uploads, budgetMs) {
  const state = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(path.join(__dirname, 'last_upload_worker.cjs'), {
    workerData: { uploads: uploads.map(({ url, headers, body }) => ({ url: String(url), headers, body })), budgetMs, state },
    // None of the options that load modules of the application.
    argv: [],
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  });
  worker.on('error', () => {});
  worker.unref();
  Atomics.wait(state, 0, 0, budgetMs);
  return Atomics.load(state, 0) === 1;
};
