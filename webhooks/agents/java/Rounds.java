package dev.profiling.agent;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Profiles window after window, and hands each to the delivery. begin() and go() on the agent's thread, end() when it is over. */
final class Rounds {
  // What the agent's code uses of the JDK takes part in what the JIT compiler assumes of it. So the first window is sent only
  // when what is hot has been compiled.
  private static final long FIRST_MS = 8000;
  private static final long LOOK_MS = 1000;

  private final Settings settings;
  private Profiler profiler;
  private Delivery delivery;
  private long since; // milliseconds of the epoch
  private boolean running;

  Rounds(Settings settings) {
    this.settings = settings;
  }

  /** False where another profiler runs already. */
  boolean begin() throws Exception {
    if (stranger()) return false;
    profiler = new Profiler(settings);
    delivery = new Delivery(settings);
    start();
    Launcher.debug("profiling " + settings.address + " from process " + new File("/proc/self").getCanonicalFile().getName());
    return true;
  }

  /** Goes on after a failure, for that may pass: the process has no descriptors left, or no memory. Ends beside a stranger. */
  void go() throws InterruptedException {
    // Pods of a rollout start together; their first uploads do not come at once.
    long first = Math.min(settings.uploadMillis, FIRST_MS);
    long next = System.nanoTime() / 1_000_000 + first - Math.abs(System.nanoTime() % (first / 4));
    boolean early = true;
    while (true) {
      long left = next - System.nanoTime() / 1_000_000;
      if (left > 0) {
        Thread.sleep(early ? Math.min(left, LOOK_MS) : left);
      } else {
        next = Math.max(next + settings.uploadMillis, System.nanoTime() / 1_000_000);
        early = false;
        if (strangerSeen()) break;
        round();
      }
      if (early && strangerSeen()) break;
    }
    try {
      Window dropped = stop();
      if (dropped != null) dropped.recording.close();
    } catch (Exception ended) {
      Launcher.debug(ended);
    }
    Launcher.debug("the application brings a profiler of its own: this one ends");
  }

  /** Ends a window and begins the next, whatever fails: nobody would see how a recording that goes on for ever fills the disk. */
  private void round() {
    Window ended = null;
    try {
      ended = stop();
    } catch (Throwable notNow) {
      Launcher.debug(notNow);
    }
    try {
      start(); // before the last one is packed, so that little is missing between the two
    } catch (Throwable notNow) {
      Launcher.debug(notNow);
    }
    try {
      if (ended != null) delivery.put(packed(ended));
    } catch (Throwable lost) {
      Launcher.debug(lost);
    }
  }

  private static boolean strangerSeen() {
    try {
      return stranger();
    } catch (Throwable unknown) {
      Launcher.debug(unknown);
      return false;
    }
  }

  /** Sends the last window and what still waits, for as long as that. */
  void end(long millis) throws Exception {
    long until = System.nanoTime() / 1_000_000 + millis;
    Window ended = stop();
    Upload last = ended == null ? null : packed(ended);
    delivery.finish(last, until - System.nanoTime() / 1_000_000);
  }

  private void start() throws Exception {
    since = System.currentTimeMillis();
    profiler.start();
    running = true;
  }

  /** null if nothing was recorded. */
  private Window stop() {
    if (!running) return null;
    running = false;
    InputStream recording = profiler.stop();
    return new Window(since / 1000, System.currentTimeMillis() / 1000, recording);
  }

  private Upload packed(Window window) throws IOException {
    byte[] recording = Profiler.packed(window.recording);
    return new Upload("/ingest?name=" + settings.name + "&units=samples&aggregationType=sum&from=" + window.from + "&until="
        + Math.max(window.until, window.from + 1) + "&spyName=javaspy&sampleRate=" + settings.hertz() + "&format=jfr", recording);
  }

  /** Whether the library of another profiler is in the process: two of them would count each other's signals. */
  private static boolean stranger() throws IOException {
    String own = Profiler.library().getCanonicalPath();
    try (InputStream in = new FileInputStream("/proc/self/maps")) {
      byte[] part = new byte[64 * 1024];
      int kept = 0;
      for (int n = in.read(part); n > 0; n = in.read(part, kept, part.length - kept)) {
        // Lines, and the beginning of one that the next part ends.
        String text = new String(part, 0, kept + n, StandardCharsets.ISO_8859_1);
        int whole = text.lastIndexOf('\n') + 1;
        for (int at = text.indexOf("Profiler"); at >= 0 && at < whole; at = text.indexOf("Profiler", at + 1)) {
          String line = text.substring(text.lastIndexOf('\n', at) + 1, text.indexOf('\n', at));
          if ((line.contains("libasyncProfiler") || line.contains("libjavaProfiler")) && !line.contains(own)) return true;
        }
        kept = kept + n - whole;
        if (kept == part.length) return false;
        System.arraycopy(part, whole, part, 0, kept);
      }
    }
    return false;
  }

  /** Times in seconds of the epoch. */
  private static final class Window {
    final long from, until;
    final InputStream recording;

    Window(long from, long until, InputStream recording) {
      this.from = from;
      this.until = until;
      this.recording = recording;
    }
  }
}
