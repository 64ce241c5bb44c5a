'use strict';
// burn.js SECONDS CODE: computes in turns for a while and lets the process end by itself.
function priceBasket() {
  let sum = 0;
  for (let i = 0; i < 3e6; i++) sum += Math.sqrt(i);
  return sum;
}
const until = Date.now() + 1000 * Number(process.argv[2]);
process.exitCode = Number(process.argv[3]);
const timer = setInterval(() => (Date.now() < until ? priceBasket() : clearInterval(timer)), 20);
