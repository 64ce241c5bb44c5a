'use strict';
// workers.js SECONDS|stdin CODE: two worker threads compute for a second, and burn.js on the main thread; the process exits by itself.
const { Worker } = require('node:worker_threads');
const compute = `const until = Date.now() + 1000;
let sum = 0;
while (Date.now() < until) sum += Math.sqrt(sum + 1);
require('node:worker_threads').parentPort.postMessage('worker computed');`;
for (let n = 0; n < 2; n++) new Worker(compute, { eval: true }).on('message', (text) => console.log(text));
require('./burn.js');
