// A server's handlers: `small` computes for MS milliseconds of CPU each, at random distances, and `large`
// twenty times as long but rarer; both measured by the process's own CPU clock. Prints the truth at the end.
// usage: handlers.js MS SECONDS END      END: drain, exit, throw, wait (for a signal), listen (to SIGTERM), block
'use strict';
const [ms, seconds] = process.argv.slice(2).map(Number);
const end = process.argv[4] || 'drain';

function spin(rounds) {
  let x = 0;
  for (let i = 0; i < rounds; i++) x = (x * 31 + i * i) % 1000003;
  return x;
}
const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
for (let i = 0; i < 50; i++) spin(20000);
const begin = used();
for (let i = 0; i < 100; i++) spin(20000);
const perMs = (20000 * 100) / ((used() - begin) * 1000);

const truth = { small: 0, large: 0 };
function small() { spin(perMs * ms); }
function large() { spin(perMs * ms * 20); }

function measured(handler) {
  const before = used();
  handler();
  truth[handler.name] += used() - before;
}
function tell() {
  process.stdout.write(JSON.stringify({ ...truth, all: used() }) + '\n');
}
if (end === 'listen') process.on('SIGTERM', () => { tell(); process.exit(9); });

const until = Date.now() + seconds * 1000;
function next() {
  measured(Math.random() < 0.95 ? small : large);
  if (Date.now() < until) return void setTimeout(next, ms * (2 + 10 * Math.random()));
  if (end !== 'listen') tell();
  if (end === 'exit') process.exit(3);
  if (end === 'throw') throw new Error('as the application meant it');
  if (end === 'block') for (;;) spin(1000);
  if (end === 'wait' || end === 'listen') setInterval(() => {}, 1000);
}
next();
