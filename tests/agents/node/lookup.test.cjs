'use strict';
const assert = require('node:assert');
const dgram = require('node:dgram');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { addressesOf, candidates, inHosts, lookup } = require('../../../webhooks/agents/node/lookup.cjs');

const CLUSTER = 'nameserver 10.0.0.10\nsearch shop.svc.cluster.local svc.cluster.local # the pod\noptions timeout:1 ndots:5\n';

// A DNS server that knows some names; `answer(name, type)` gives bytes of an address, a code of failure, or nothing.
async function serve(t, answer) {
  const socket = dgram.createSocket('udp4');
  const asked = [];
  socket.on('message', (query, from) => {
    const labels = [];
    let at = 12;
    while (query[at] > 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
      at += 1 + query[at];
    }
    const type = query.readUInt16BE(at + 1);
    const question = query.subarray(12, at + 5);
    asked.push(`${labels.join('.')}/${type}`);
    const found = answer(labels.join('.'), type);
    if (found === undefined) return;
    const known = Array.isArray(found);
    const head = Buffer.from([query[0], query[1], 0x81, 0x80 | (known ? 0 : found), 0, 1, 0, known ? 1 : 0, 0, 0, 0, 0]);
    const record = known ? [Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 5, 0, found.length]), Buffer.from(found)] : [];
    socket.send(Buffer.concat([head, question, ...record]), from.port, from.address);
  });
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lookup-'));
  t.after(() => {
    socket.close();
    fs.rmSync(folder, { recursive: true });
  });
  const files = { hosts: path.join(folder, 'hosts'), resolv: path.join(folder, 'resolv'), servers: [`127.0.0.1:${socket.address().port}`] };
  fs.writeFileSync(files.hosts, '127.0.0.1 localhost\n10.9.8.7  Store store.alias # by hostAliases\n');
  fs.writeFileSync(files.resolv, CLUSTER);
  return { files, asked };
}

const [NO_NAME, BROKEN] = [3, 2];

test('names with few dots are asked for below the search domains first', () => {
  assert.deepStrictEqual(candidates(CLUSTER, 'pyroscope.monitoring'), [
    'pyroscope.monitoring.shop.svc.cluster.local', 'pyroscope.monitoring.svc.cluster.local', 'pyroscope.monitoring']);
  assert.strictEqual(candidates(CLUSTER, 'a.b.c.d.e.f')[0], 'a.b.c.d.e.f');
  assert.deepStrictEqual(candidates(CLUSTER, 'absolute.'), ['absolute']);
  assert.deepStrictEqual(candidates('', 'store'), ['store']);
});

test('the hosts file comes first', async (t) => {
  const { files, asked } = await serve(t, () => NO_NAME);
  assert.deepStrictEqual(await addressesOf('store', files), [{ address: '10.9.8.7', family: 4 }]);
  assert.deepStrictEqual(inHosts('::1 here\n', 'HERE'), [{ address: '::1', family: 6 }]);
  assert.deepStrictEqual(asked, []);
});

test('the first name that exists counts, and a broken search domain is passed over', async (t) => {
  const { files } = await serve(t, (name, type) => {
    if (name.startsWith('p.m.shop')) return BROKEN;
    return name === 'p.m.svc.cluster.local' && type === 1 ? [10, 1, 2, 3] : NO_NAME;
  });
  assert.deepStrictEqual(await addressesOf('p.m', files), [{ address: '10.1.2.3', family: 4 }]);
});

test('a name without addresses fails', async (t) => {
  const { files } = await serve(t, () => NO_NAME);
  await assert.rejects(addressesOf('nowhere', files), { code: 'ENOTFOUND' });
});

test('a server that is silent is given up, without a further question', async (t) => {
  const { files, asked } = await serve(t, () => undefined);
  await assert.rejects(addressesOf('p.m', files));
  assert.strictEqual(new Set(asked).size, 1);
});

test('it answers as the lookup of a request', async () => {
  const ask = (options) => new Promise((resolve) => lookup('localhost', options, (...answer) => resolve(answer)));
  const [, address, family] = await ask({ family: 4 });
  assert.deepStrictEqual([address, family], ['127.0.0.1', 4]);
  const [, all] = await ask({ all: true });
  assert.ok(all.some((each) => each.address === '127.0.0.1'));
});
