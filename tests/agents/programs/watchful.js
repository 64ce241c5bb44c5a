// An application that has replaced what it could: timers by ones that never fire, requests, the resolver.
// Prints what it has seen of others when its stdin ends. usage: watchful.js
'use strict';
const { AsyncLocalStorage, createHook } = require('node:async_hooks');
const dns = require('node:dns');
const http = require('node:http');
const net = require('node:net');
const timers = require('node:timers');

const seen = {};
const note = (what) => (seen[what] = (seen[what] || 0) + 1);
const { setInterval } = globalThis;

// As OpenTelemetry's context, and a tracer of sockets that respects it.
const storage = new AsyncLocalStorage();
const contextOf = (values) => ({ getValue: (key) => values.get(key), setValue: (key, value) => contextOf(new Map(values).set(key, value)) });
const active = () => storage.getStore() || contextOf(new Map());
globalThis[Symbol.for('opentelemetry.js.api.1')] = { context: { active, with: (context, work) => storage.run(context, work) } };
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...words) {
  if (!active().getValue(Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING'))) note('a span');
  return connect.apply(this, words);
};

for (const [owner, name] of [[http, 'request'], [http, 'get'], [dns, 'lookup']]) {
  const own = owner[name];
  owner[name] = (...words) => note(name) && own.apply(owner, words);
}
for (const owner of [globalThis, timers]) for (const name of ['setTimeout', 'setInterval', 'setImmediate']) owner[name] = () => note(name);
globalThis.Date = class extends Date {
  constructor() { super(0); note('Date'); }
  static now() { return note('Date') && 0; }
};
createHook({ init: (id, type) => type === 'GETADDRINFOREQWRAP' && note('getaddrinfo') }).enable();
for (let n = 0; n < 10; n++) process.on('exit', () => {});

function priceBasket() {
  let sum = 0;
  for (let n = 0; n < 3e6; n++) sum += Math.sqrt(n);
  return sum;
}
setInterval(priceBasket, 50);
process.stdin.on('end', () => {
  // Node's client of fetch(): some MiB, and the end of a process without WebAssembly.
  if (process.moduleLoadList.some((name) => name.includes('undici'))) note('undici');
  console.log(JSON.stringify(seen));
  process.exit(5);
}).resume();
