// short.mjs CODE: a module that waits at its top level, and ends.
await new Promise((done) => setTimeout(done, 50));
console.log('done');
process.exitCode = Number(process.argv[2]);
