'use strict';
// Gives the CPU time of short handlers to the handlers.
//
// The sampler gives each sample the CPU time that the JavaScript thread has used since the sample
// before. A handler that ends before the next sample leaves the rest of its CPU time to that sample,
// and that one mostly meets the idle loop. So a server with handlers of a few milliseconds would show
// most of its CPU time as "(idle)", and the rest in shares that grow with the square of a handler's length.
//
// How often samples meet a function is right: for a run of length L and a sampling period P that is L/P
// times. So each sample of JavaScript claims one period, except those of a function that waits
// synchronously, for a file or a child process. The thread's CPU clock has the last word on the sum. If it
// shows more than the claims, the rest is the loop's own (polling, reading from sockets). If it shows less,
// the thread waited for a core, and all claims shrink alike.

const IDLE = '(idle)';
// Below this share of a core, a function that is seen twice in a row waits.
const WAITS = 0.05;

function samplesOf(root) {
  const samples = [];
  const nodes = [root];
  while (nodes.length > 0) {
    const node = nodes.pop();
    for (const context of node.contexts || []) samples.push({ node, context, cpu: context.cpuTime || 0, time: Number(context.timestamp) * 1000 });
    for (const child of node.children) nodes.push(child);
  }
  return samples.sort((a, b) => a.time - b.time);
}

const outside = (sample) => sample === undefined || sample.node.name === IDLE || sample.node.name === '(program)';

// Sets the claim of each sample, in nanoseconds.
function claim(samples, period) {
  samples.forEach((sample, i) => {
    const before = samples[i - 1];
    sample.stands = outside(before) ? period : Math.min(sample.time - before.time, 2 * period);
    sample.waits = before !== undefined && before.node === sample.node && sample.cpu < WAITS * sample.stands;
  });
  samples.forEach((sample, i) => {
    const [before, next] = [samples[i - 1], samples[i + 1]];
    const first = before === undefined || before.node !== sample.node;
    const waits = sample.waits || (first && next !== undefined && next.node === sample.node && next.waits);
    sample.claim = outside(sample) || waits ? 0 : sample.stands;
  });
}

const sum = (samples, figure) => samples.reduce((all, sample) => all + figure(sample), 0);

// Changes the CPU times in a profile as V8's sampler returns it; their sum stays the same.
exports.correct = function (profile, intervalMicros) {
  if (!profile.hasCpuTime) return;
  const samples = samplesOf(profile.topDownRoot);
  if (samples.length < 2) return;
  const elapsed = (profile.endTime - profile.startTime) / samples.length;
  claim(samples, 1000 * Math.min(Math.max(elapsed, intervalMicros), 2 * intervalMicros));
  const used = sum(samples, (sample) => sample.cpu);
  const claimed = sum(samples, (sample) => sample.claim);
  const idle = samples.filter(outside);
  const idleUsed = sum(idle, (sample) => sample.cpu);
  if (claimed === 0) return;
  const loop = Math.min(Math.max(used - claimed, 0), idleUsed);
  for (const sample of samples) sample.cpu = outside(sample) ? (loop > 0 ? (sample.cpu * loop) / idleUsed : 0) : (sample.claim * (used - loop)) / claimed;
  write(samples);
};

// Values of a pprof are whole numbers; the rounding is carried on, so that the sum stays.
function write(samples) {
  let carried = 0;
  for (const { context, cpu } of samples) {
    const exact = cpu + carried;
    context.cpuTime = Math.max(0, Math.round(exact));
    carried = exact - context.cpuTime;
  }
}

// The name for what is left: "(idle)" would be no name for CPU time.
exports.rename = function (profile) {
  const strings = profile.stringTable.strings;
  for (const entry of profile.function) {
    if (strings[Number(entry.name)] !== IDLE) continue;
    entry.name = entry.systemName = profile.stringTable.dedup('Event loop');
  }
};
