'use strict';
// The kinds that need other parts of the runtime: servers, threads, processes, memory.
const fs = require('node:fs');
const path = require('node:path');
const ledger = require('./ledger.js');

const WORK = 0.004;
const PIECES = 16;
const PIECE = 4 << 20; // bytes, far above the sampling interval, so that each is seen

// Looks from time to time whether the program is over, and then calls `end`.
function watch(end) {
  const timer = setInterval(() => {
    ledger.note();
    if (!ledger.over()) return;
    clearInterval(timer);
    end();
    ledger.note(true);
  }, 100);
}

function server(handle) {
  const found = require('node:http').createServer((request, response) => {
    ledger.timed(handle, WORK);
    response.end('ok');
  });
  found.listen(0, '127.0.0.1', () => {
    fs.writeFileSync(path.join(ledger.folder, 'port.new'), String(found.address().port));
    fs.renameSync(path.join(ledger.folder, 'port.new'), path.join(ledger.folder, 'port'));
  });
  watch(() => { found.close(); found.closeAllConnections(); });
}

function keepOrders() {
  const kept = [];
  for (let i = 0; i < PIECES; i++) kept.push(new Array(PIECE / 8).fill(i));
  return kept;
}

function keep() {
  setTimeout(() => {
    global.kept = keepOrders();
    ledger.add('keepOrders', PIECES * PIECE);
  }, 4000);
  watch(() => { global.kept = undefined; });
}

function workers(count, work) {
  const { Worker } = require('node:worker_threads');
  const threads = Array.from({ length: count }, () => new Worker(path.join(__dirname, 'worker.js')));
  for (const thread of threads) thread.on('message', (used) => ledger.add('workerOrder', used));
  (function repeat() {
    if (ledger.over()) {
      for (const thread of threads) void thread.terminate();
      return ledger.note(true);
    }
    ledger.rest(ledger.timed(work, 0.01), repeat, 0.1);
  })();
}

function child(file) {
  require('node:child_process').fork(file, ['shares']);
}

function cluster(count, work) {
  const found = require('node:cluster');
  if (!found.isPrimary) {
    watch(() => found.worker.disconnect());
    return work();
  }
  for (let i = 0; i < count; i++) found.fork();
  watch(() => {});
}

module.exports = { server, keep, workers, child, cluster };
