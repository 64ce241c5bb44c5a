'use strict';
// The addresses of the server's name, without the thread pool.
//
// dns.lookup() waits for getaddrinfo() in a thread of the pool, of which the application has four. While the
// DNS server is away that takes ten seconds and more, and nobody can call it off: the thread is missed by the
// application's files, an idle process goes on living, and process.exit() waits for it, too. The resolver of
// this file sends its questions itself. An exit does not wait for it, and an idle process two seconds at most.
const { Resolver } = require('node:dns').promises;
const { readFileSync } = require('node:fs');

const QUESTION = { timeout: 700, tries: 2 };
const BOUND_MS = 2000;

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function wordsOf(text) {
  return text.split('\n').map((line) => line.replace(/[#;].*/, '').trim().split(/\s+/));
}

const familyOf = (address) => (address.includes(':') ? 6 : 4);

// hosts(5): what the file says of a name, in its order.
function inHosts(text, host) {
  const name = host.toLowerCase();
  const lines = wordsOf(text).filter(([, ...names]) => names.some((other) => other.toLowerCase() === name));
  return lines.map(([address]) => ({ address, family: familyOf(address) }));
}

// resolv.conf(5): the names to ask for. One with few dots is tried below each search domain first.
function candidates(text, host) {
  if (host.endsWith('.')) return [host.slice(0, -1)];
  let search = [];
  let dots = 1;
  for (const [key, ...words] of wordsOf(text)) {
    if (key === 'search' || key === 'domain') search = words;
    if (key !== 'options') continue;
    for (const word of words) if (/^ndots:\d+$/.test(word)) dots = Math.min(Number(word.slice(6)), 15);
  }
  const below = search.map((domain) => `${host}.${domain.replace(/\.$/, '')}`);
  return host.split('.').length > dots ? [host, ...below] : [...below, host];
}

async function ask(resolver, names) {
  let last = new Error('no such host');
  for (const name of names) {
    for (const family of [4, 6]) {
      try {
        const addresses = await resolver[`resolve${family}`](name);
        if (addresses.length > 0) return addresses.map((address) => ({ address, family }));
      } catch (error) {
        last = error;
        // Without an answer there is no use in further questions.
        if (error.code === 'ETIMEOUT' || error.code === 'ECANCELLED' || error.code === 'ECONNREFUSED') throw error;
        if (error.code === 'ENOTFOUND') break;
      }
    }
  }
  throw last;
}

async function addressesOf(host, files) {
  const known = inHosts(read(files.hosts), host);
  if (known.length > 0) return known;
  if (/^localhost\.?$/i.test(host)) return [{ address: '127.0.0.1', family: 4 }];
  const resolver = new Resolver(QUESTION);
  if (files.servers) resolver.setServers(files.servers);
  const bound = setTimeout(() => resolver.cancel(), BOUND_MS);
  bound.unref();
  try {
    return await ask(resolver, candidates(read(files.resolv), host));
  } finally {
    clearTimeout(bound);
  }
}

const FILES = { hosts: '/etc/hosts', resolv: '/etc/resolv.conf' };

// The `lookup` of an HTTP request.
exports.lookup = function (host, options, callback) {
  addressesOf(host, FILES).then(
    (found) => {
      const right = options.family === 4 || options.family === 6 ? found.filter(({ family }) => family === options.family) : found;
      if (right.length === 0) return callback(new Error(`no address of ${host}`));
      return options.all ? callback(null, right) : callback(null, right[0].address, right[0].family);
    },
    (error) => callback(error),
  );
};
Object.assign(exports, { addressesOf, candidates, inHosts });
