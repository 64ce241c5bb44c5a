'use strict';
const assert = require('node:assert');
const test = require('node:test');
const { Delivery, judge } = require('../../../webhooks/agents/node/delivery.cjs');

// A server under the test's hand: `answers` in order, then 200; what it was sent, by body.
function stage(answers, bounds) {
  const sent = [];
  const post = async (upload, patience, outcome) => {
    sent.push(upload.body);
    Object.assign(outcome, answers.shift() || { status: 200 });
  };
  return { sent, delivery: new Delivery(post, () => {}, bounds) };
}

const upload = (body) => ({ url: 'http://server/ingest', headers: {}, body });
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function pass(t, ms) {
  await settled();
  t.mock.timers.tick(ms);
  await settled();
}

test('what a server that is away did not take arrives later, in order and once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { sent, delivery } = stage([{ error: 'refused' }, { status: 503 }, { status: 429 }]);
  delivery.put(upload('one'));
  await settled();
  delivery.put(upload('two'));
  for (let i = 0; i < 10; i++) await pass(t, 60000);
  assert.deepStrictEqual(sent, ['one', 'one', 'one', 'one', 'two']);
  assert.deepStrictEqual(delivery.takeAll(), []);
});

test('what may be stored is not sent again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { sent, delivery } = stage([{ whole: true, error: 'no answer in time' }]);
  delivery.put(upload('one'));
  delivery.put(upload('two'));
  for (let i = 0; i < 5; i++) await pass(t, 60000);
  assert.deepStrictEqual(sent, ['one', 'two']);
});

test('pauses grow, and Retry-After is honoured', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { sent, delivery } = stage([{ status: 503 }, { status: 503 }, { status: 429, retryAfter: '30' }]);
  delivery.put(upload('one'));
  await pass(t, 700);
  assert.strictEqual(sent.length, 1, 'not within 0.7 s');
  await pass(t, 700);
  assert.strictEqual(sent.length, 2);
  await pass(t, 1300);
  assert.strictEqual(sent.length, 2, 'the second pause is longer');
  await pass(t, 1300);
  assert.strictEqual(sent.length, 3);
  await pass(t, 29000);
  assert.strictEqual(sent.length, 3);
  await pass(t, 2000);
  assert.strictEqual(sent.length, 4);
});

test('the bound holds in bytes and number; the oldest is dropped', async () => {
  const away = Array.from({ length: 9 }, () => ({ error: 'refused' }));
  const { delivery } = stage([...away], { bytes: 10, count: 3 });
  for (const body of ['aaaa', 'bbbb', 'cccc', 'dddd']) {
    delivery.put(upload(body));
    await settled();
  }
  assert.deepStrictEqual(delivery.takeAll().map(({ body }) => body), ['dddd', 'cccc']);
  const { delivery: many } = stage([...away], { bytes: 1000, count: 3 });
  for (const body of ['a', 'b', 'c', 'd', 'e']) {
    many.put(upload(body));
    await settled();
  }
  assert.deepStrictEqual(many.takeAll().map(({ body }) => body), ['e', 'd', 'c']);
  assert.strictEqual(many.dropped, 2);
});

test('the last moment takes an upload in flight along unless its body was sent', () => {
  const whole = new Delivery((_, __, outcome) => new Promise(() => (outcome.whole = true)), () => {});
  whole.put(upload('sent'));
  whole.put(upload('waits'));
  assert.deepStrictEqual(whole.takeAll().map(({ body }) => body), ['waits']);
  const begun = new Delivery(() => new Promise(() => {}), () => {});
  begun.put(upload('begun'));
  assert.deepStrictEqual(begun.takeAll().map(({ body }) => body), ['begun']);
});

test('verdicts', () => {
  const of = (status, more = {}) => judge({ status, ...more }, 1);
  for (const status of [200, 204]) assert.strictEqual(of(status), 'stored');
  for (const status of [408, 429, 500, 502, 503, 504]) assert.strictEqual(of(status), 'retry');
  for (const status of [301, 400, 401, 403, 404, 413, 422]) assert.strictEqual(of(status), 'refused');
  assert.strictEqual(judge({ status: 500 }, 7), 'refused', 'it may be about the profile');
  assert.strictEqual(of(0, { unsendable: true }), 'refused');
});
