'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { roomFor } = require('../../../webhooks/agents/node/room.cjs');

function group(t, files) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'room-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  fs.mkdirSync(path.join(root, 'memory'));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(root, name), text);
  return root;
}

test('what is left below the limit is room, and files that the kernel keeps in memory are', (t) => {
  const root = group(t, { 'memory.max': '1000\n', 'memory.current': '900\n', 'memory.stat': 'anon 700\ninactive_file 150\n' });
  assert.ok(roomFor(250, root));
  assert.ok(!roomFor(251, root));
});

test('version 1', (t) => {
  const root = group(t, {
    'memory/memory.limit_in_bytes': '1000\n', 'memory/memory.usage_in_bytes': '950\n', 'memory/memory.stat': 'total_inactive_file 10\n' });
  assert.ok(roomFor(60, root));
  assert.ok(!roomFor(61, root));
});

test('without a limit there is room', (t) => {
  assert.ok(roomFor(1e15, group(t, { 'memory.max': 'max\n', 'memory.current': '900\n' })));
  assert.ok(roomFor(1e15, group(t, {})));
});
