'use strict';
// Sends the last profile when the process ends: by itself, by process.exit(), by an uncaught exception, or
// by SIGTERM if the application does not listen to it. SIGKILL and crashes leave no time.
const net = require('node:net');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { sendNow } = require('./last_upload.cjs');
const { roomFor } = require('./room.cjs');

// A process ends at most a second later than without us; a server that was away is given less time.
const BOUND_MS = 1000;
const BUDGET_MS = 900;
const BUDGET_IF_AWAY_MS = 300;
const ARM_EVERY_MS = 5000;
// Encoding the profile and the worker thread take 9 to 13 MiB.
const NEEDED_BYTES = 24 * 1024 * 1024;
const kill = process.kill.bind(process);

class Ending {
  // uploads(): stops profiling and returns what is to be sent. away(): whether the server did not answer of
  // late. flush(): sends what there is and goes on. stopAtExit: the profiler's own listeners of 'exit'.
  constructor({ uploads, away, flush, stopAtExit, debug }) {
    Object.assign(this, { uploads, away, flush, stopAtExit, debug, over: false, wakes: undefined });
  }

  watch() {
    for (const listener of this.stopAtExit) process.removeListener('exit', listener);
    process.on('exit', () => {
      this.sendLast();
      for (const listener of this.stopAtExit) listener.call(process);
    });
    try {
      const { arm } = require(path.join(__dirname, '..', `native.${process.arch}.node`));
      this.armSignal(arm);
      // The application may listen for a while, and then no more.
      setInterval(() => this.armSignal(arm), ARM_EVERY_MS).unref();
    } catch (error) {
      this.debug('the last profile before SIGTERM will be missing:', error);
    }
  }

  armSignal(arm) {
    try {
      if (process.listenerCount('SIGTERM') > 0) return;
      const fd = arm(BOUND_MS);
      if (fd < 0 || this.wakes) return;
      this.wakes = new net.Socket({ fd, readable: true, writable: false });
      this.wakes.unref();
      this.wakes.on('data', () => this.signalled());
      this.wakes.on('error', (error) => this.debug('SIGTERM is not watched:', error));
    } catch (error) {
      this.debug('SIGTERM is not watched:', error);
    }
  }

  // The first process of a container goes on after a SIGTERM that it does not listen to.
  signalled() {
    if (process.listenerCount('SIGTERM') > 0) return; // since a moment; the signal is raised once more
    if (process.pid === 1) return this.flush();
    this.sendLast();
    kill(process.pid, 'SIGTERM');
  }

  sendLast() {
    if (this.over) return;
    this.over = true;
    try {
      if (!roomFor(NEEDED_BYTES)) return this.debug('no room in memory for the last upload');
      const begin = performance.now();
      const budget = this.away() ? BUDGET_IF_AWAY_MS : BUDGET_MS;
      const uploads = this.uploads();
      if (uploads.length === 0) return;
      const left = budget - (performance.now() - begin);
      if (left > 0) this.debug('last upload', sendNow(uploads, left) ? 'sent' : 'not answered in time', 'of', uploads.length);
    } catch (error) {
      this.debug('no last upload:', error);
    }
  }
}

exports.Ending = Ending;
