// What the agent uses in the place of global names; the bundler puts these into all that it consists of.

// Timers and the clock as they are. Tests of an application replace the global ones by their own, count them,
// and wait until none is left.
export let { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, Date } = globalThis;

// Those that were there before the application.
export function use(earlier) {
  ({ setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, Date } = earlier);
}

// Node's own would load its whole client of fetch(): some MiB, and the end of a process without WebAssembly
// (--jitless).
export class Headers extends Map {}
