package dev.profiling.agent;

import java.io.IOException;
import java.util.ArrayDeque;

/**
 * Sends profiles in order, from a thread of its own. What the server did not take is kept and sent again, within a bound; the
 * oldest is dropped first. What the server may have stored is never sent again, because it adds up what it gets twice.
 */
final class Delivery implements Runnable {
  private static final int MOST_COUNT = 60;
  private static final int MOST_BYTES = 2 << 20;
  // The server's write timeout is 30 s; who gives up before it does not know what is stored.
  private static final long PATIENCE_MS = 40_000;
  private static final long FIRST_PAUSE_MS = 1000, LONGEST_PAUSE_MS = 60_000, LONGEST_ASKED_MS = 300_000;
  // A status that may be about the profile's content is not tried for ever, but for longer than a server restarts: the pauses
  // of seven attempts are a minute.
  private static final int MOST_ATTEMPTS = 7;

  private final Post post;
  private final ArrayDeque<Upload> waiting = new ArrayDeque<>();
  private int bytes;
  private boolean running;
  private boolean closed;

  Delivery(Settings settings) throws IOException {
    post = new Post(settings.address, settings.headers);
  }

  synchronized void put(Upload upload) {
    post.expire();
    waiting.addLast(upload);
    bytes += upload.recording.length;
    shrink();
    if (running) {
      notifyAll();
      return;
    }
    try {
      thread(this).start();
      running = true;
    } catch (OutOfMemoryError noThread) {
      // The process may have no more of them; the next window tries again.
      Launcher.debug("not sent yet: " + noThread);
    }
  }

  @Override
  public void run() {
    int failures = 0;
    try {
      for (Upload upload = next(); upload != null; upload = next()) {
        long pause = attempt(post, upload, PATIENCE_MS);
        failures = pause < 0 ? 0 : failures + 1;
        if (pause >= 0) putBack(upload, Math.max(pause, backoff(failures)));
      }
    } catch (InterruptedException enough) {
      // Nobody interrupts this thread but the application.
    } catch (Throwable failed) {
      // The application's handler of what threads throw may end the process.
      Launcher.debug(failed);
    } finally {
      stopped();
    }
  }

  /** At the end of the JVM, which does not wait for threads: the last profile, if there is one, then those that wait, the newest first. */
  void finish(final Upload last, final long millis) throws InterruptedException {
    final long until = now() + millis;
    if (!close(last)) return;
    Thread sending = thread(new Runnable() {
      @Override
      public void run() {
        try {
          Post own = post.another();
          for (Upload each = newest(); each != null && now() < until && attempt(own, each, until - now()) < 0; each = newest()) {}
        } catch (Throwable notSent) {
          Launcher.debug(notSent);
        }
      }
    });
    sending.start();
    sending.join(Math.max(1, until - now()));
  }

  /** Milliseconds to wait at least before the next try, or -1 when the upload is dealt with. */
  private static long attempt(Post post, Upload upload, long patience) {
    upload.attempts++;
    try {
      int status = post.send(upload, patience);
      if (status >= 200 && status < 300) return -1;
      boolean again = status == 408 || status == 429 || status == 502 || status == 503 || status == 504
          || status >= 500 && upload.attempts < MOST_ATTEMPTS;
      Launcher.debug((again ? "will be sent again: status " : "dropped: status ") + status);
      return again ? Math.min(post.retryAfter() * 1000, LONGEST_ASKED_MS) : -1;
    } catch (Post.Unsent error) {
      // Who closes within a request may mean its size, and says no more.
      boolean again = !error.begun || upload.attempts < MOST_ATTEMPTS;
      Launcher.debug((again ? "will be sent again: " : "dropped: ") + error.getMessage());
      return again ? 0 : -1;
    } catch (Exception unknown) {
      Launcher.debug("sent, but not answered: " + unknown);
      return -1;
    }
  }

  private static long backoff(int failures) {
    long pause = Math.min(FIRST_PAUSE_MS << Math.min(failures - 1, 10), LONGEST_PAUSE_MS);
    return pause * 3 / 4 + Math.abs(System.nanoTime() % (pause / 2)); // not all pods at once
  }

  private synchronized Upload next() throws InterruptedException {
    while (waiting.isEmpty() && !closed) wait();
    return closed ? null : removed(waiting.pollFirst());
  }

  private synchronized void putBack(Upload upload, long pause) throws InterruptedException {
    waiting.addFirst(upload);
    bytes += upload.recording.length;
    shrink();
    long until = now() + pause;
    while (!closed && now() < until) wait(Math.max(1, until - now()));
  }

  /** Whether there is anything to send. */
  private synchronized boolean close(Upload last) {
    closed = true;
    if (last != null) waiting.addLast(last);
    notifyAll();
    return !waiting.isEmpty();
  }

  private synchronized Upload newest() {
    return waiting.pollLast();
  }

  private synchronized void stopped() {
    running = false;
  }

  private void shrink() {
    while (waiting.size() > MOST_COUNT || bytes > MOST_BYTES && waiting.size() > 1) {
      removed(waiting.pollFirst());
      Launcher.debug("the oldest profile is dropped: the server is away for too long");
    }
  }

  private Upload removed(Upload upload) {
    bytes -= upload.recording.length;
    return upload;
  }

  private static Thread thread(Runnable what) {
    Thread made = new Thread(what, "profiling-agent-upload");
    made.setDaemon(true);
    return made;
  }

  private static long now() {
    return System.nanoTime() / 1_000_000;
  }
}
