'use strict';
// A thread whose every nanosecond is known, sampled as V8 does, and what the agent makes of the samples.
const assert = require('node:assert');
const test = require('node:test');
const { correct } = require('../../../webhooks/agents/node/cpu_time.cjs');

const MS = 1e6;
const PERIOD = 10.3 * MS;

// The same numbers in each run.
function numbers(seed) {
  let x = seed;
  return () => (x = (x * 48271) % 2147483647) / 2147483647;
}

// One thread's life: functions run at random distances, each with a share of CPU; the loop's own work
// before each. Samples each period: the CPU time since the sample before, for what runs just then.
function simulate(kinds, { seconds = 60, gap = 20, loop = 0.05, speed = 1 } = {}) {
  const random = numbers(7);
  const nodes = new Map(['(idle)', ...Object.keys(kinds)].map((name) => [name, { name, hitCount: 0, contexts: [], children: [] }]));
  const truth = Object.fromEntries([...nodes.keys()].map((name) => [name, 0]));
  let now = 0;
  let due = PERIOD * random();
  let unclaimed = 0;
  function pass(name, wall, rate) {
    const end = now + wall;
    while (due <= end) {
      unclaimed += (due - now) * rate;
      now = due;
      const node = nodes.get(name);
      node.hitCount += 1;
      node.contexts.push({ context: {}, timestamp: BigInt(Math.round(now / 1000)), cpuTime: Math.round(unclaimed) });
      unclaimed = 0;
      due += PERIOD;
    }
    unclaimed += (end - now) * rate;
    now = end;
    truth[name] += wall * rate;
  }
  while (now < seconds * 1e9) {
    const [name, { ms, rate = 1 }] = Object.entries(kinds)[Math.floor(random() * Object.keys(kinds).length)];
    pass('(idle)', gap * MS * (0.2 + 1.6 * random()), 0);
    pass('(idle)', (ms * MS * loop) / speed, speed);
    pass(name, (ms * MS) / speed, rate * speed);
  }
  const profile = {
    hasCpuTime: true,
    startTime: 0,
    endTime: now / 1000,
    topDownRoot: { name: '(root)', hitCount: 0, contexts: [], children: [...nodes.values()] },
  };
  return { profile, truth };
}

function sums({ topDownRoot }) {
  return Object.fromEntries(topDownRoot.children.map((node) => [node.name, node.contexts.reduce((sum, context) => sum + context.cpuTime, 0)]));
}

const total = (figures) => Object.values(figures).reduce((sum, value) => sum + value, 0);

function holds(name, kinds, options, points = 3) {
  test(name, () => {
    const { profile, truth } = simulate(kinds, options);
    const before = sums(profile);
    correct(profile, PERIOD / 1000);
    const seen = sums(profile);
    assert.ok(Math.abs(total(seen) - total(before)) <= 1, 'the total stays');
    for (const kind of Object.keys(truth)) {
      const off = 100 * (seen[kind] / total(seen) - truth[kind] / total(truth));
      assert.ok(Math.abs(off) <= points, `${kind}: ${off.toFixed(1)} points off; seen ${JSON.stringify(seen)}, true ${JSON.stringify(truth)}`);
    }
    for (const node of profile.topDownRoot.children)
      for (const { cpuTime } of node.contexts) assert.ok(Number.isInteger(cpuTime) && cpuTime >= 0, String(cpuTime));
  });
}

for (const ms of [1, 3, 15, 40]) holds(`handlers of ${ms} ms`, { handler: { ms } });
holds('short beside long handlers', { short: { ms: 1 }, long: { ms: 50 } });
holds('handlers of 1 and of 5 ms', { small: { ms: 1 }, middle: { ms: 5 } }, { gap: 12, seconds: 240 });
holds("the loop's own time is not the handlers'", { handler: { ms: 3 } }, { loop: 0.5 });
holds('a function that waits gets no CPU time', { handler: { ms: 3 }, wait: { ms: 60, rate: 0.001 } });
holds('on a busy machine', { small: { ms: 2 }, large: { ms: 20 } }, { speed: 0.3, loop: 0.02 });
holds('a thread that is never idle', { handler: { ms: 3 }, other: { ms: 7 } }, { gap: 0, loop: 0 });

test('what has no CPU times or no samples stays as it is', () => {
  const empty = { hasCpuTime: true, startTime: 0, endTime: 0, topDownRoot: { name: '(root)', children: [] } };
  correct(empty, 10000);
  correct({ hasCpuTime: false }, 10000);
  const { profile } = simulate({ handler: { ms: 3 } }, { seconds: 0.01 });
  correct(profile, 10000);
});
