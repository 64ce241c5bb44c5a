package dev.profiling.agent;

import java.io.File;
import java.lang.instrument.Instrumentation;
import java.util.jar.JarFile;

/**
 * The class that -javaagent names: starts the real agent, lib/agent.jar beside its own jar, on a thread and after a delay.
 * By itself that agent holds up the application's main method for some hundred milliseconds, more than that on one core, and
 * what it throws before it looks at its settings (without a writable temp folder, for one) ends the JVM.
 *
 * The delay is also for the JIT compiler: what the agent does with the JDK's classes (regular expressions, maps, sorting) counts
 * among the types that the compiler has seen there, so that hot code which is compiled after it is inlined less and stays slower.
 */
public final class Launcher extends Thread {
  private static final long DELAY_MS = 10_000;

  private final String arguments;
  private final Instrumentation jvm;

  private Launcher(String arguments, Instrumentation jvm) {
    super("profiling-agent-launcher");
    this.arguments = arguments;
    this.jvm = jvm;
    setDaemon(true);
  }

  /** Every java of the container comes by: so this loads nothing that the JVM has not loaded already. */
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
      Thread.sleep(delay()); // short programs end before it does
      File here = new File(Launcher.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParentFile();
      jvm.appendToSystemClassLoaderSearch(new JarFile(new File(here, "lib/agent.jar")));
      ClassLoader.getSystemClassLoader().loadClass("io.pyroscope.javaagent.PyroscopeAgent")
          .getMethod("premain", String.class, Instrumentation.class).invoke(null, arguments, jvm);
    } catch (InterruptedException ending) {
      // Before the delay was over.
    } catch (Throwable notProfiled) {
      debug(notProfiled);
    }
  }

  /** The JVM's end waits for a start that is under way: it must not meet a half-loaded profiler. */
  private static final class End extends Thread {
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
      } catch (InterruptedException enough) {
        // The JVM ends in any case.
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

  private static void debug(Throwable error) {
    String wanted = System.getenv("PROFILING_DEBUG");
    if (wanted != null && !wanted.isEmpty()) error.printStackTrace();
  }
}
