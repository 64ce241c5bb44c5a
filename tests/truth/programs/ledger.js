'use strict';
// The program's own account, in the form that ledger.py describes. The total is the CPU of the process, with the
// runtime's own threads, since that is what the agent reports.
const fs = require('node:fs');
const path = require('node:path');

const folder = process.env.TRUTH_FOLDER;
const duty = Number(process.env.TRUTH_DUTY || 0.5);
const block = Number(process.env.TRUTH_BLOCK || 1);
const end = Date.now() + 1000 * Number(process.env.TRUTH_SECONDS || 240);
const file = path.join(folder, `${process.pid}.jsonl`);
const LINE_EVERY_MS = 50;
const spent = {};
let next = 0;
let over = false;

// CPU seconds of the process, in microseconds' steps.
function clock() {
  const used = process.cpuUsage();
  return (used.user + used.system) / 1e6;
}

function add(name, amount) {
  spent[name] = (spent[name] || 0) + amount;
  note();
}

function note(now) {
  if (Date.now() < next && !now) return;
  next = Date.now() + LINE_EVERY_MS;
  over = Date.now() > end || fs.existsSync(path.join(folder, 'stop'));
  fs.appendFileSync(file, JSON.stringify({ t: Date.now() / 1000, total: clock(), ...spent }) + '\n');
}

// Calls `then` after a random rest, after which the thread has computed for `share` of the time on average.
function rest(used, then, share = duty) {
  setTimeout(then, 1000 * used * (1 / share - 1) * (0.2 + 1.6 * Math.random()));
}

function timed(fn, ...given) {
  const before = clock();
  fn(...given);
  const used = clock() - before;
  add(fn.name, used);
  return used;
}

note(true);
module.exports = { add, block, clock, duty, folder, note, over: () => over, rest, spent, timed };
