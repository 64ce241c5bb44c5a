'use strict';
// work.js KIND [ARGUMENT]: does a known amount of work and accounts for it; the kinds are in `kinds`.
const ledger = require('./ledger.js');
const { clock, rest, timed } = ledger;
const between = (low, high) => low + (high - low) * Math.random();

let sink = 0;

function spin(count) {
  let x = 0;
  for (let i = 0; i < count; i++) x = (x * 31 + i * i) % 1000003;
  sink += x;
}

// How often work of this kind runs in a CPU second. The clock is read around a block of work and not within it: samples
// favour the call into the runtime. The first rounds are for the compiler.
function rateOf(work, count) {
  for (let i = 0; i < 20; i++) work(count);
  const before = clock();
  for (let i = 0; i < 20; i++) work(count);
  return 20 * count / (clock() - before);
}

const rate = rateOf(spin, 50000);

function priceBasket(seconds) {
  spin(rate * seconds);
}

function printReceipt(seconds) {
  spin(rate * seconds);
}

function handleOrder(seconds) {
  spin(rate * seconds);
}

// Calls `round`, which returns the CPU seconds that it used, until the program is over.
function repeat(round, share) {
  if (ledger.over()) return ledger.note(true);
  rest(round(), () => repeat(round, share), share);
}

function split(first) {
  return () => {
    const block = ledger.block * between(0.02, 0.08);
    return first(0.7 * block) + timed(printReceipt, 0.3 * block);
  };
}

function descend(depth, seconds) {
  if (depth) descend(depth - 1, seconds);
  else priceBasket(seconds);
}

function countWays(n) {
  return n < 2 ? 1 : countWays(n - 1) + countWays(n - 2);
}

function nested(depth) {
  return (seconds) => {
    const before = clock();
    descend(depth, seconds);
    const used = clock() - before;
    ledger.add('priceBasket', used);
    return used;
  };
}

async function awaitOrder(seconds) {
  await null;
  const before = clock();
  handleOrder(seconds);
  const used = clock() - before;
  ledger.add('handleOrder', used);
  return used;
}

async function serveOrders() {
  while (!ledger.over()) {
    const used = await awaitOrder(between(0.005, 0.015));
    timed(printReceipt, used * 3 / 7);
    // Two of these share the loop, which has to have time for others, too.
    await new Promise((resolve) => rest(used * 10 / 7, resolve, ledger.duty / 2));
  }
  ledger.note(true);
}

function recursiveRound() {
  const before = clock();
  countWays(29); // some milliseconds
  const used = clock() - before;
  ledger.add('countWays', used);
  return used + timed(printReceipt, used * 3 / 7);
}

const kinds = {
  shares: () => repeat(split((seconds) => timed(priceBasket, seconds))),
  burst: (milliseconds) => repeat(() => timed(handleOrder, milliseconds / 1000), Math.min(ledger.duty, 0.3)),
  deep: (depth) => repeat(split(nested(Number(depth)))),
  recursive: () => repeat(recursiveRound),
  asynchronous: () => { serveOrders(); serveOrders(); },
  generated: () => {
    const applyRule = new Function('rate', 'spin', 'return function applyRule(seconds) { spin(rate * seconds); }')(rate, spin);
    repeat(split((seconds) => timed(applyRule, seconds)));
  },
  server: () => require('./more.js').server(handleOrder),
  keep: () => require('./more.js').keep(),
  workers: (count) => require('./more.js').workers(Number(count), priceBasket),
  child: () => { require('./more.js').child(__filename); kinds.shares(); },
  cluster: (count) => require('./more.js').cluster(Number(count), kinds.shares),
};
kinds[process.argv[2]](process.argv[3]);
