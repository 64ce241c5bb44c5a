'use strict';
// Whether the container has room for something that takes memory. The kernel kills a process that goes over
// its limit; at the end of a Job that would make a failure of a success.
const { readFileSync } = require('node:fs');
const path = require('node:path');

// Limit, what is used, and the part of that which the kernel gives back first; of version 2 and 1.
const GROUPS = [
  ['memory.max', 'memory.current', 'memory.stat', /^inactive_file (\d+)$/m],
  ['memory/memory.limit_in_bytes', 'memory/memory.usage_in_bytes', 'memory/memory.stat', /^total_inactive_file (\d+)$/m],
];

// Nothing for "max".
function number(file, pattern = /^(\d+)\s*$/) {
  try {
    const found = pattern.exec(readFileSync(file, 'latin1'));
    return found ? Number(found[1]) : undefined;
  } catch {
    return undefined;
  }
}

// True also where there is no limit, or none can be read.
exports.roomFor = function (bytes, root = '/sys/fs/cgroup') {
  return GROUPS.every(([limit, used, statistics, cache]) => {
    const most = number(path.join(root, limit));
    const now = number(path.join(root, used));
    if (most === undefined || now === undefined) return true;
    return most - now + (number(path.join(root, statistics), cache) || 0) >= bytes;
  });
};
