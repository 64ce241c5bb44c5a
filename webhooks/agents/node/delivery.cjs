'use strict';
// Profiles on their way to the server: one upload at a time, the oldest first. What the server did not
// take is kept and sent again, within a bound; the oldest is dropped first. An upload that the server may
// have stored is never sent again, because the server adds up what it gets twice.

const MOST_BYTES = 2 * 1024 * 1024;
const MOST_COUNT = 60;
// The server's write timeout is 30 s; the sender that gives up before it does not know what is stored.
const PATIENCE_MS = 40000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60000;
const LONGEST_ASKED_MS = 300000;
// A status that may be about the profile's content is not tried for ever, but for longer than a server
// restarts: the pauses of seven attempts are a minute.
const MOST_ATTEMPTS = 7;

// 'stored', 'retry' or 'refused'.
function judge({ status, whole, unsendable }, attempts) {
  if (status >= 200 && status < 300) return 'stored';
  if (unsendable) return 'refused';
  if (status === 0) return whole ? 'refused' : 'retry';
  if ([408, 429, 502, 503, 504].includes(status)) return 'retry';
  return status >= 500 && attempts < MOST_ATTEMPTS ? 'retry' : 'refused';
}

function askedPause(retryAfter) {
  const seconds = /^\d+$/.test(retryAfter || '') ? Number(retryAfter) : 0;
  return Math.min(seconds * 1000, LONGEST_ASKED_MS);
}

class Delivery {
  // `post` as in post.cjs; `bounds`: { bytes, count }, smaller in tests.
  constructor(post, debug, bounds = {}) {
    this.post = post;
    this.debug = debug;
    this.bounds = { bytes: MOST_BYTES, count: MOST_COUNT, ...bounds };
    this.waiting = [];
    this.flying = undefined;
    this.pause = undefined;
    this.failures = 0;
    this.dropped = 0;
  }

  // upload: { url, headers, body }
  put(upload) {
    this.waiting.push({ ...upload, attempts: 0 });
    this.shrink();
    this.next();
  }

  // What the server certainly has not stored, the newest first; for the last moment of the process, which
  // ends the upload in flight. Nothing is sent from here afterwards.
  takeAll() {
    clearTimeout(this.pause);
    this.closed = true;
    const rest = this.waiting.splice(0).reverse();
    if (this.flying && !this.flying.outcome.whole && this.flying.outcome.status === 0) rest.push(this.flying);
    return rest;
  }

  get serverIsAway() {
    return this.failures > 0;
  }

  next() {
    if (this.closed || this.flying || this.pause || this.waiting.length === 0) return;
    const upload = this.waiting.shift();
    this.flying = upload;
    upload.attempts += 1;
    upload.outcome = { status: 0, retryAfter: undefined, whole: false };
    void this.post(upload, PATIENCE_MS, upload.outcome).then(() => this.landed(upload, upload.outcome));
  }

  landed(upload, outcome) {
    this.flying = undefined;
    const verdict = judge(outcome, upload.attempts);
    if (verdict !== 'stored') this.debug('upload', verdict === 'retry' ? 'failed, will retry:' : 'lost:', outcome.status || outcome.error);
    if (verdict === 'retry') {
      this.waiting.unshift(upload);
      this.shrink();
      return this.rest(askedPause(outcome.retryAfter));
    }
    this.failures = 0;
    this.next();
  }

  rest(asked) {
    const backoff = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.failures++, 10), LONGEST_PAUSE_MS);
    const pause = Math.max(asked, backoff * (0.75 + Math.random() / 2));
    this.pause = setTimeout(() => {
      this.pause = undefined;
      this.next();
    }, pause);
    this.pause.unref();
  }

  shrink() {
    let bytes = this.waiting.reduce((sum, upload) => sum + upload.body.length, 0);
    while (bytes > this.bounds.bytes || this.waiting.length > this.bounds.count) {
      bytes -= this.waiting.shift().body.length;
      this.dropped += 1;
    }
  }
}

exports.Delivery = Delivery;
exports.judge = judge;
