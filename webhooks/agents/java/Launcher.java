package dev.profiling.agent;

import java.io.File;
import java.lang.instrument.Instrumentation;
import java.util.jar.JarFile;

/**
 * The -javaagent class: starts the real agent, lib/agent.jar beside this jar, on a thread and after a delay. Started directly,
 * that agent delays the application's main method by some hundred milliseconds, more on one core, and an exception before it
 * reads its settings (without a writable temp folder, for example) ends the JVM.
 *
 * The delay also helps the JIT compiler: the agent's use of JDK classes (regular expressions, maps, sorting) adds to the type
 * profiles there, so hot code that is compiled after it is inlined less and stays slower.
 */
public final class Launcher extends Thread {
  private static final long DELAY_MS = 10_000;
  private static final long FIRST_UPLOAD_MS = 2_000; // after the agent's start; its own first one comes up to an interval later

  private final String arguments;
  private final Instrumentation jvm;
  private volatile boolean started; // by us, not by the application

  private Launcher(String arguments, Instrumentation jvm) {
    super("profiling-agent-launcher");
    this.arguments = arguments;
    this.jvm = jvm;
    setDaemon(true);
  }

  /** Every java of the container runs this, so it loads no class that the JVM has not loaded already. */
  public static void premain(String arguments, Instrumentation jvm) {
    try {
      String enabled = System.getenv("PYROSCOPE_AGENT_ENABLED");
      if (enabled != null && enabled.trim().equalsIgnoreCase("false")) return;
      Launcher launcher = new Launcher(arguments, jvm);
      Runtime.getRuntime().addShutdownHook(new End(launcher));
      launcher.start();
    } catch (Throwable notProfiled) {
      debug(notProfiled);
    }
  }

  @Override
  public void run() {
    try {
      Thread.sleep(delay()); // short programs end before the delay
      File here = new File(Launcher.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParentFile();
      jvm.appendToSystemClassLoaderSearch(new JarFile(new File(here, "lib/agent.jar")));
      Class<?> agent = ClassLoader.getSystemClassLoader().loadClass("io.pyroscope.javaagent.PyroscopeAgent");
      boolean already = (Boolean) agent.getMethod("isStarted").invoke(null);
      agent.getMethod("premain", String.class, Instrumentation.class).invoke(null, arguments, jvm);
      started = !already;
      Thread.sleep(FIRST_UPLOAD_MS);
      if (started) Uploads.early();
    } catch (InterruptedException ending) {
      // The JVM ended within a delay.
    } catch (Throwable notProfiled) {
      debug(notProfiled);
    }
  }

  /**
   * Makes the exit wait for a start in progress, because a half-loaded profiler could crash it. Then sends the profile since the
   * last upload, which the agent itself does not: it holds the exit up for a second at most.
   */
  private static final class End extends Thread {
    private static final long BOUND_MS = 1000;
    private final Launcher launcher;

    End(Launcher launcher) {
      super("profiling-agent-end");
      this.launcher = launcher;
    }

    @Override
    public void run() {
      try {
        launcher.interrupt();
        launcher.join(2000);
        if (launcher.started) new Uploads().last(BOUND_MS);
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
      String wanted = System.getenv("PROFILING_DEBUG");
      if (wanted != null && !wanted.isEmpty()) error.printStackTrace();
    } catch (Throwable silent) {
      // Neither profiled nor reported.
    }
  }
}
