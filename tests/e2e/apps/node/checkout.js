'use strict';
// Prices baskets over HTTP, and sends itself enough of them to keep about a third of a core busy.
const http = require('node:http');

// V8 shows a function that it inlined before the profiler started as its caller. Whether that happens
// within the agent's delay depends on the machine, so here nothing is inlined.
require('node:v8').setFlagsFromString('--no-turbo-inlining');

let seed = 7;
function random(below) {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed % below;
}

function basket(size) {
  return Array.from({ length: size }, () => ({
    sku: `sku-${random(5000)}`,
    quantity: 1 + random(9),
    unitCents: 99 + random(90000),
  }));
}

// The total in cents, with volume discounts and tax.
function priceBasket(items) {
  let total = 0;
  for (const { sku, quantity, unitCents } of items) {
    let line = unitCents * quantity;
    for (let step = 1; step <= 40; step++) {
      if ((quantity * step) % 7 === 0) line -= Math.floor(line / (200 + step));
      line += (sku.charCodeAt(sku.length - 1) * step) % 3;
    }
    total += line + Math.floor((line * 19) / 100);
  }
  return total;
}

function loadForEver() {
  const items = basket(400);
  setInterval(() => {
    const until = Date.now() + 30;
    while (Date.now() < until) priceBasket(items);
  }, 100);
}

const server = http.createServer((request, response) => {
  if (request.url === '/healthz') response.end('ok\n');
  else if (request.url === '/work') response.end(`${priceBasket(basket(100))}\n`);
  else response.writeHead(404).end();
});
server.listen(Number(process.env.PORT || 8080), loadForEver);
// As process 1 of a container nothing ends it unless it says so itself.
process.on('SIGTERM', () => process.exit(0));
