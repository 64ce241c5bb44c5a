'use strict';
// Lets the thread that takes the samples run when its time has come.
//
// A thread that wakes up on the core of one that computes waits for the end of that one's turn, for up to some
// milliseconds: Linux 6.6 and later let a turn go on. The turn ends where the program calls the kernel or waits. So a
// server with requests of a few milliseconds would be seen there: in write() or in cpuUsage(), and not in its own code.
// A thread whose own turns are shorter than those of the other one does not have to wait (Linux 6.12 and later:
// sched_setattr(2), sched_runtime). It needs no right, and takes no more time from others.
const fs = require('node:fs');
const path = require('node:path');

// As V8 names it; the kernel keeps fifteen characters.
const SAMPLER = 'v8:ProfEvntProc';
// A new thread has to name itself, and on a node that is busy it may not have run yet.
const TRIES = 5;
const LATER_MS = 100;

// Returns whether V8's thread was found. The main thread is never meant: an application may name it (process.title),
// and threads and processes have the turns of the one that made them.
function shorten() {
  const { shortTurns } = require(path.join(__dirname, '..', `native.${process.arch}.node`));
  let found = false;
  for (const task of fs.readdirSync('/proc/self/task')) {
    if (Number(task) === process.pid || fs.readFileSync(`/proc/self/task/${task}/comm`, 'latin1').trim() !== SAMPLER) continue;
    shortTurns(Number(task));
    found = true;
  }
  return found;
}

// For the thread that V8 has made just now.
exports.shortenSoon = function (debug, tries = TRIES) {
  setTimeout(() => {
    try {
      if (!shorten() && tries > 1) exports.shortenSoon(debug, tries - 1);
    } catch (error) {
      debug('samples may be late:', error);
    }
  }, LATER_MS).unref();
};
