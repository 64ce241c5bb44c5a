'use strict';
// A worker thread: reports the CPU seconds of its own thread to the main one.
const fs = require('node:fs');
const { parentPort } = require('node:worker_threads');

const clock = () => Number(fs.readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e9;

function workerOrder(rounds) {
  let x = 0;
  for (let i = 0; i < rounds; i++) x = (x * 31 + i * i) % 1000003;
  return x;
}

(function repeat() {
  const before = clock();
  workerOrder(3e6);
  const used = clock() - before;
  parentPort.postMessage(used);
  setTimeout(repeat, 1000 * used * 1.6 * Math.random());
})();
