// short.mjs CODE: a module with a top-level await that exits.
await new Promise((done) => setTimeout(done, 50));
console.log('done');
process.exitCode = Number(process.argv[2]);
