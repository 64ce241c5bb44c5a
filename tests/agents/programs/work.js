'use strict';
// work.js ROUNDS: the same work each time, of the kind that services do: JSON, hashes, sorting, text.
const { createHash } = require('node:crypto');

function orders(seed) {
  return Array.from({ length: 400 }, () => {
    seed = Number((BigInt(seed) * 1103515245n + 12345n) % 2147483648n);
    const lines = [0, 1, 2, 3, 4].map((k) => ({ sku: `sku-${(seed >> k) % 5000}`, cents: (seed >> k) % 90000 }));
    return { id: seed, customer: `user-${seed % 977}@shop${String.fromCharCode(97 + (seed % 26))}.example`, lines };
  });
}

function byCustomer(made) {
  const sums = new Map();
  for (const { customer, lines } of made) {
    const [, user, shop] = /user-(\d+)@([a-z]+)\.example/.exec(customer);
    const key = `${shop}/${user}`;
    sums.set(key, (sums.get(key) || 0) + lines.reduce((sum, line) => sum + line.cents, 0));
  }
  return [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function work(seed) {
  const text = JSON.stringify(orders(seed));
  const best = byCustomer(JSON.parse(text));
  return createHash('sha256').update(text).update(JSON.stringify(best)).digest('hex');
}

// One round per event-loop turn, like requests to a server, so that timers and sockets are served.
let n = 0;
let digest = '';
const warm = Number(process.argv[3] || 0);
(function turn() {
  if (n === Number(process.argv[2])) {
    console.log(digest);
    if (warm) process.stdin.resume();
    return;
  }
  digest = work(n++ + digest.length);
  if (n === warm) console.log('warm');
  setImmediate(turn);
})();
