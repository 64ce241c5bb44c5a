'use strict';
// One HTTP request. Neither the socket nor the timer keeps the process alive.
const { lookup } = require('./lookup.cjs');
const { request: requestUnseen } = require('./unseen.cjs');

// Nothing in an answer is of interest, so one that does not end is cut off.
const MOST_ANSWER = 65536;

// post({ url, headers, body }, patienceMs, outcome): fills the outcome and is then resolved, never rejected.
//   status      of the answer, 0 without one
//   retryAfter  the header of the answer
//   whole       the server may have got all of the body, so that it may store it
//   unsendable  such as a tenant that is no header's value: it will not work later, either
//   error       why there is no answer
exports.post = function (upload, patienceMs, outcome) {
  outcome.status = 0;
  outcome.whole = false;
  return new Promise((resolve) => {
    const done = (error) => {
      if (outcome.status === 0) outcome.error = outcome.error || error;
      resolve();
    };
    try {
      send(upload, patienceMs, outcome, done);
    } catch (error) {
      outcome.unsendable = true;
      done(error);
    }
  });
};

function send({ url: text, headers, body }, patienceMs, outcome, done) {
  const url = new URL(text);
  let connected = false;
  const request = requestUnseen(url, { method: 'POST', headers, lookup }, (response) => {
    outcome.status = response.statusCode;
    outcome.retryAfter = response.headers['retry-after'];
    let got = 0;
    response.on('data', (chunk) => {
      got += chunk.length;
      if (got > MOST_ANSWER) request.destroy();
    });
    response.once('end', done);
    response.once('error', done);
  });
  const deadline = setTimeout(() => request.destroy(new Error('no answer in time')), patienceMs);
  deadline.unref();
  request.once('socket', (socket) => {
    socket.unref();
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (connected = true));
  });
  // All is handed to the operating system.
  request.once('finish', () => (outcome.whole = connected));
  request.on('error', done);
  request.once('close', () => {
    clearTimeout(deadline);
    done(new Error('connection closed'));
  });
  request.end(body);
}
