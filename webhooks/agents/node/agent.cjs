'use strict';
// Loaded by preload.cjs: the profiler, packed into one file by context.sh, with three changes that
// protect the application:
//   - the timers between uploads do not keep the process alive;
//   - a failed round never becomes an unhandled rejection, which would end the process;
//   - an upload in flight does not keep the process alive either, and takes ten seconds at most.
const { ContinuousProfiler } = require('./node_modules/@pyroscope/nodejs/dist/cjs/profilers/continuous-profiler.js');
const { PyroscopeProfiler } = require('./node_modules/@pyroscope/nodejs/dist/cjs/profilers/pyroscope-profiler.js');
const { PyroscopeApiExporter } = require('./node_modules/@pyroscope/nodejs/dist/cjs/pyroscope-api-exporter.js');

const UPLOAD_TIMEOUT_MS = 10000;
let debug = () => {};

ContinuousProfiler.prototype.scheduleProfilingRound = function () {
  this.timer = setTimeout(() => {
    void this.profilingRound();
    this.scheduleProfilingRound();
  }, this.flushIntervalMs);
  this.timer.unref();
};

ContinuousProfiler.prototype.profilingRound = async function () {
  try {
    const profile = this.profiler.profile();
    if (this.lastExport !== undefined) return; // the last upload is still running: drop this round
    try {
      this.lastExport = this.exporter.export(profile);
      await this.lastExport;
    } finally {
      this.lastExport = undefined;
    }
  } catch (error) {
    debug('round failed:', error);
  }
};

PyroscopeApiExporter.prototype.uploadProfile = async function (profileExport) {
  const body = await this.buildUploadProfileBody(profileExport.profile);
  const url = this.buildEndpointUrl(profileExport);
  const headers = Object.fromEntries(this.buildRequestHeaders());
  headers['content-type'] = 'application/octet-stream';
  headers['content-length'] = body.length;
  const status = await post(url, headers, body);
  if (status < 200 || status > 299) debug('server answered', status);
};

function post(url, headers, body) {
  const client = url.protocol === 'https:' ? require('node:https') : require('node:http');
  return new Promise((resolve, reject) => {
    const request = client.request(url, { method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
      response.once('error', reject);
    });
    const deadline = setTimeout(() => request.destroy(new Error('upload took too long')), UPLOAD_TIMEOUT_MS);
    deadline.unref();
    request.once('socket', (socket) => socket.unref());
    request.once('error', reject);
    request.once('close', () => {
      clearTimeout(deadline);
      reject(new Error('connection closed')); // no effect after an answer
    });
    request.end(body);
  });
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

exports.start = function (env, log) {
  debug = log;
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
      samplingIntervalMicros: integer(env, 'PYROSCOPE_WALL_SAMPLING_INTERVAL_MICROS', 1000, 1000000, 10000),
      collectCpuTime: (env.PYROSCOPE_WALL_COLLECT_CPU_TIME || 'true') === 'true',
    },
    heap: {
      samplingIntervalBytes: integer(env, 'PYROSCOPE_HEAP_SAMPLING_INTERVAL_BYTES', 1024, 1 << 30, 524288),
      stackDepth: integer(env, 'PYROSCOPE_HEAP_STACK_DEPTH', 1, 256, 64),
    },
    stripFilenames: undefined,
    shortenPaths: env.PYROSCOPE_SHORTEN_PATHS === 'true',
  });
  profiler.wallProfiler.start();
  if (env.PROFILING_NODE_HEAP === 'true') profiler.heapProfiler.start();
  log('profiling', env.PYROSCOPE_APPLICATION_NAME, 'from process', process.pid);
};
