'use strict';
const { Worker } = require('node:worker_threads');
new Worker('setTimeout(() => {}, 100)', { eval: true }).on('exit', (code) => process.exit(code + 4));
