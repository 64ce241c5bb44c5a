'use strict';
// Requests that the application does not see. It may have replaced http.request(), to trace requests or to
// answer them in its tests; our uploads are no part of its traces, and no part of its tests.
const { Agent, ClientRequest } = require('node:http');

const API = Symbol.for('opentelemetry.js.api.1');
const SUPPRESS = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

// Runs `work` where OpenTelemetry, if it is there, makes no spans: it also traces sockets.
function untraced(work) {
  const { context } = globalThis[API] || {};
  let begun = false;
  try {
    const active = context.active();
    return context.with(active.setValue(SUPPRESS, true), () => {
      begun = true;
      return work();
    });
  } catch (error) {
    if (begun) throw error;
    return work();
  }
}

// As http.request() and https.request(), with a connection of its own.
exports.request = function (url, options, listener) {
  const Own = url.protocol === 'https:' ? require('node:https').Agent : Agent;
  return untraced(() => new ClientRequest(url, { ...options, agent: new Own({ keepAlive: false }) }, listener));
};
