'use strict';
// burn.js SECONDS|stdin CODE: computes in turns for a while, or until its input ends, and lets the process exit by itself.
function priceBasket() {
  let sum = 0;
  for (let i = 0; i < 3e6; i++) sum += Math.sqrt(i);
  return sum;
}
let until = Infinity;
if (process.argv[2] === 'stdin') process.stdin.on('end', () => (until = 0)).resume();
else until = Date.now() + 1000 * Number(process.argv[2]);
process.exitCode = Number(process.argv[3]);
const timer = setInterval(() => {
  if (Date.now() < until) return priceBasket();
  clearInterval(timer);
  console.log('done');
}, 20);
