package dev.profiling.agent;

import java.lang.instrument.Instrumentation;

/**
 * The -javaagent class: starts the profiler on a thread and after a delay, and sends the last profile when the JVM ends. It
 * takes no part in the application's start: every java of the container runs premain, keytool and java -version too.
 */
public final class Launcher {
  private static final long DELAY_MS = 1000; // short programs end before it

  private Launcher() {}

  /** Loads little: this class and its two threads, and what the JDK needs for the environment and the hook. Throws nothing. */
  public static void premain(String arguments, Instrumentation jvm) {
    try {
      String enabled = System.getenv("PYROSCOPE_AGENT_ENABLED");
      if (enabled != null && enabled.trim().equalsIgnoreCase("false")) return;
      Start start = new Start();
      Runtime.getRuntime().addShutdownHook(new End(start));
      start.start();
    } catch (Throwable notProfiled) {
      debug(notProfiled);
    }
  }

  private static final class Start extends Thread {
    private volatile Rounds rounds;
    private volatile boolean ending; // an application may interrupt every thread that it finds

    Start() {
      super("profiling-agent");
      setDaemon(true);
    }

    @Override
    public void run() {
      try {
        pause(delay());
        if (ending) return;
        Settings settings = Settings.read();
        if (settings == null) return;
        Rounds made = new Rounds(settings);
        if (!made.begin()) return;
        rounds = made;
        while (!ending && !gone(made)) {}
      } catch (Throwable notProfiled) {
        debug(notProfiled);
      }
    }

    private void pause(long millis) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException early) {
        // Either the JVM ends, or the application wakes all.
      }
    }

    /** False where an interrupt has ended it. */
    private static boolean gone(Rounds rounds) {
      try {
        rounds.go();
        return true;
      } catch (InterruptedException interrupted) {
        return false;
      }
    }
  }

  /** Waits for a start or a round in progress, because a JVM that ends within the native profiler could crash. */
  private static final class End extends Thread {
    private static final long BOUND_MS = 1000;
    private final Start start;

    End(Start start) {
      super("profiling-agent-end");
      this.start = start;
    }

    @Override
    public void run() {
      try {
        start.ending = true;
        start.interrupt();
        start.join(2000);
        if (start.rounds != null && !start.isAlive()) start.rounds.end(BOUND_MS);
      } catch (InterruptedException enough) {
        // The JVM ends in any case.
      } catch (Throwable notSent) {
        debug(notSent);
      }
    }
  }

  private static long delay() {
    try {
      String text = System.getenv("PROFILING_START_DELAY_MS");
      return text == null ? DELAY_MS : Math.min(Math.max(Long.parseLong(text.trim()), 0), 600_000);
    } catch (NumberFormatException none) {
      return DELAY_MS;
    }
  }

  /** Throws nothing: what leaves premain ends the JVM, and a security manager may forbid to read the environment. */
  static void debug(Throwable error) {
    try {
      if (wantsDebug()) error.printStackTrace();
    } catch (Throwable silent) {
      // Neither profiled nor reported.
    }
  }

  static void debug(String words) {
    if (wantsDebug()) System.err.println("profiling agent: " + words);
  }

  private static boolean wantsDebug() {
    String wanted = System.getenv("PROFILING_DEBUG");
    return wanted != null && !wanted.isEmpty();
  }
}
