'use strict';
// The worker thread of last_upload.cjs.
const { workerData } = require('node:worker_threads');
const { post } = require('./post.cjs');

const AT_ONCE = 4; // all have one second together, but a server that just came back has many clients
const { uploads, budgetMs, state } = workerData;
// Sockets and timers of post() do not keep a thread alive.
const alive = setInterval(() => {}, 1000);

async function sendSome() {
  for (let upload = uploads.shift(); upload !== undefined; upload = uploads.shift()) await post(upload, budgetMs, {});
}

void Promise.all(Array.from({ length: AT_ONCE }, sendSome)).then(() => {
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
  clearInterval(alive);
});
