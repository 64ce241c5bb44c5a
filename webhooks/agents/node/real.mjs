// Timers and the clock as they are. Tests of an application replace the global ones by their own, count them,
// and wait until none is left. The bundler puts these in their place in all that the agent consists of.
export let { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, Date } = globalThis;

// Those that were there before the application.
export function use(earlier) {
  ({ setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, Date } = earlier);
}
