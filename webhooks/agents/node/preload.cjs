'use strict';
// Starts the profiling agent inside an unmodified Node application: NODE_OPTIONS makes every Node in
// the container --require this file. So it decides in a few lines whether to profile this process,
// loads heavy modules later, does not keep the process alive, and never throws.

(() => {
  try {
    const env = process.env;
    const debug = env.PROFILING_DEBUG ? (...words) => console.error('profiling-agent:', ...words) : () => {};
    const skip = reasonToSkip(env);
    if (skip) {
      debug('off:', skip);
      return;
    }
    noteInlined(debug);
    const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, Date } = globalThis;
    const earlier = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, Date };
    // Short scripts end before the delay and never load the profiler; unref() lets them end.
    setTimeout(() => {
      try {
        require('./lib/out/agent.cjs').start(env, debug, earlier);
      } catch (error) {
        debug('not started:', error);
      }
    }, delayOf(env)).unref();
  } catch {
    // An error here must not affect the application.
  }

  // Takes a millisecond. Later it would be too late for what is hot by then.
  function noteInlined(debug) {
    try {
      require(`./lib/native.${process.arch}.node`).noteInlined();
    } catch (error) {
      debug('inlined functions will not be shown:', error);
    }
  }

  function reasonToSkip(env) {
    if (!env.PYROSCOPE_APPLICATION_NAME || !env.PYROSCOPE_SERVER_ADDRESS) return 'no application name or server address';
    if ((env.PYROSCOPE_AGENT_ENABLED || '').trim().toLowerCase() === 'false') return 'PYROSCOPE_AGENT_ENABLED=false';
    if (process.platform !== 'linux') return `platform ${process.platform}`;
    if (!newEnough(process.versions.node)) return `Node ${process.versions.node} is older than 20.20.2`;
    if (isTool(process.argv[1])) return `${process.argv[1]} is a package manager`;
    // One native profiler per process: Datadog's is the same add-on.
    if (/^(1|true|auto)$/i.test(env.DD_PROFILING_ENABLED || '')) return 'DD_PROFILING_ENABLED is set';
    if (!require('node:worker_threads').isMainThread) return 'worker thread';
    return '';
  }

  // The oldest version that the profiler supports.
  function newEnough(version) {
    const [major, minor, patch] = version.split('.').map(Number);
    return major > 20 || (major === 20 && (minor > 20 || (minor === 20 && patch >= 2)));
  }

  function isTool(script) {
    const name = (script || '').split('/').pop();
    return /^(npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(-cli)?(-\d[\w.-]*?)?(\.[cm]?js)?$/.test(name);
  }

  function delayOf(env) {
    const ms = Number(env.PROFILING_START_DELAY_MS || 1000);
    return ms >= 0 && ms <= 600000 ? ms : 1000;
  }
})();
