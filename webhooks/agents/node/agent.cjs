'use strict';
// Loaded by preload.cjs: the profiler, packed into one file by context.sh, with changes that keep the
// profiles true and the application unharmed:
//   - neither timers nor uploads keep the process alive, and no failure becomes an unhandled rejection;
//   - the CPU time of short handlers is theirs (cpu_time.cjs);
//   - a profile carries the time at which its window began, as those of other languages do;
//   - what the server did not take is sent again (delivery.cjs);
//   - the last window is sent when the process ends (ending.cjs).
// A listener of 'exit' more must not make Node warn of too many.
if (process.getMaxListeners() > 0) process.setMaxListeners(process.getMaxListeners() + 1);
const endingsBefore = process.rawListeners('exit');
const { ContinuousProfiler } = require('./node_modules/@pyroscope/nodejs/dist/cjs/profilers/continuous-profiler.js');
const { PyroscopeProfiler } = require('./node_modules/@pyroscope/nodejs/dist/cjs/profilers/pyroscope-profiler.js');
const { encodeSync } = require('./node_modules/@datadog/pprof/out/src/profile-encoder.js');
const { TimeProfiler } = require('./node_modules/@datadog/pprof/out/src/time-profiler-bindings.js');
// The profiler's own listener stops it at the end of the process, and discards what it has.
const stopAtExit = process.rawListeners('exit').filter((listener) => !endingsBefore.includes(listener));
const cpuTime = require('./cpu_time.cjs');
const { Delivery } = require('./delivery.cjs');
const { Ending } = require('./ending.cjs');
const { post } = require('./post.cjs');
const { use } = require('./real.mjs');
const turns = require('./turns.cjs');

let debug = () => {};
let delivery;
// Exports whose profile is being encoded, with their exporters.
const encoding = new Map();

ContinuousProfiler.prototype.scheduleProfilingRound = function () {
  this.timer = setTimeout(() => {
    this.profilingRound();
    this.scheduleProfilingRound();
  }, this.flushIntervalMs);
  this.timer.unref();
};

ContinuousProfiler.prototype.profilingRound = function () {
  try {
    const round = this.profiler.profile();
    adjust(round);
    encoding.set(round, this.exporter);
    this.exporter
      .buildUploadProfileBody(round.profile)
      .then((body) => {
        // At the end of the process it is taken from here.
        if (encoding.delete(round)) delivery.put(uploadOf(this.exporter, round, body));
      })
      .catch((error) => {
        encoding.delete(round);
        debug('round failed:', error);
      });
  } catch (error) {
    debug('round failed:', error);
  }
};

// A heap profile is a state at its time; a wall profile, which has a rate, is about a window.
function adjust({ profile, startedAt, sampleRate }) {
  if (sampleRate === undefined) return;
  profile.timeNanos = BigInt(startedAt.getTime()) * 1000000n;
  cpuTime.rename(profile);
}

function uploadOf(exporter, round, body) {
  const headers = Object.fromEntries(exporter.buildRequestHeaders());
  headers['content-type'] = 'application/octet-stream';
  headers['content-length'] = body.length;
  return { url: exporter.buildEndpointUrl(round), headers, body };
}

function giveHandlersTheirTime(intervalMicros) {
  const stop = TimeProfiler.prototype.stop;
  TimeProfiler.prototype.stop = function (...words) {
    const profile = stop.apply(this, words);
    try {
      if (profile) cpuTime.correct(profile, intervalMicros);
    } catch (error) {
      debug('CPU times not corrected:', error);
    }
    return profile;
  };
}

// V8's thread is a new one each time: the profiler starts anew where it finds V8's sampler stuck.
function giveSamplersShortTurns() {
  const start = TimeProfiler.prototype.start;
  TimeProfiler.prototype.start = function (...words) {
    const result = start.apply(this, words);
    turns.shortenSoon(debug);
    return result;
  };
}

// What the server has not got, the newest first: the window that ends now, and what waits.
function lastUploads(wall) {
  const uploads = [];
  try {
    const round = wall.profiler.stop();
    adjust(round);
    if (round.profile.sample.length > 0) {
      // The exporter prepares the profile at once, and encodes it later than this process lives.
      wall.exporter.buildUploadProfileBody(round.profile).catch(() => {});
      uploads.push(uploadOf(wall.exporter, round, encodeSync(round.profile)));
    }
    for (const [waiting, exporter] of encoding) uploads.push(uploadOf(exporter, waiting, encodeSync(waiting.profile)));
  } catch (error) {
    debug('no last profile:', error);
  }
  encoding.clear();
  return uploads.concat(delivery.takeAll());
}

// k=v,k2=v2 as an object; leaves out malformed pairs and values that the server refuses.
function parseLabels(text) {
  const labels = {};
  for (const pair of (text || '').split(',')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0)).trim();
    const value = pair.slice(at + 1).trim();
    if (name && value && !/[{}=\s]/.test(name + value)) labels[name] = value;
  }
  return labels;
}

function integer(env, name, low, high, fallback) {
  const value = Number(env[name] || NaN);
  return Number.isInteger(value) && value >= low && value <= high ? value : fallback;
}

// Timers of programs have round periods. A sampler with one, too, would meet them at the same place for
// ever, so it is 2 to 6 % off, each process differently.
function unround(micros) {
  const off = 0.02 + 0.04 * Math.random();
  return Math.round(micros * (Math.random() < 0.5 ? 1 - off : 1 + off));
}

// earlier: the timers and the clock from before the application.
exports.start = function (env, log, earlier) {
  use(earlier);
  debug = log;
  delivery = new Delivery(post, debug);
  const intervalMicros = unround(integer(env, 'PYROSCOPE_WALL_SAMPLING_INTERVAL_MICROS', 1000, 1000000, 10000));
  const profiler = new PyroscopeProfiler({
    appName: env.PYROSCOPE_APPLICATION_NAME.replace(/[{},=\s]/g, '_'),
    serverAddress: env.PYROSCOPE_SERVER_ADDRESS.replace(/\/+$/, ''),
    tags: parseLabels(env.PYROSCOPE_LABELS),
    tenantID: env.PYROSCOPE_TENANT_ID || undefined,
    basicAuthUser: env.PYROSCOPE_BASIC_AUTH_USER || undefined,
    basicAuthPassword: env.PYROSCOPE_BASIC_AUTH_PASSWORD || undefined,
    authToken: env.PYROSCOPE_AUTH_TOKEN || undefined,
    flushIntervalMs: integer(env, 'PYROSCOPE_FLUSH_INTERVAL_MS', 100, 3600000, 15000),
    wall: {
      samplingDurationMs: integer(env, 'PYROSCOPE_WALL_SAMPLING_DURATION_MS', 100, 3600000, 15000),
      samplingIntervalMicros: intervalMicros,
      collectCpuTime: (env.PYROSCOPE_WALL_COLLECT_CPU_TIME || 'true') === 'true',
    },
    heap: {
      samplingIntervalBytes: integer(env, 'PYROSCOPE_HEAP_SAMPLING_INTERVAL_BYTES', 1024, 1 << 30, 524288),
      stackDepth: integer(env, 'PYROSCOPE_HEAP_STACK_DEPTH', 1, 256, 64),
    },
    stripFilenames: undefined,
    shortenPaths: env.PYROSCOPE_SHORTEN_PATHS === 'true',
  });
  giveHandlersTheirTime(intervalMicros);
  giveSamplersShortTurns();
  const wall = profiler.wallProfiler;
  wall.start();
  if (env.PROFILING_NODE_HEAP === 'true') profiler.heapProfiler.start();
  new Ending({ uploads: () => lastUploads(wall), away: () => delivery.serverIsAway, flush: () => wall.profilingRound(), stopAtExit, debug }).watch();
  log('profiling', env.PYROSCOPE_APPLICATION_NAME, 'from process', process.pid);
};
