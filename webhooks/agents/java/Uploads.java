package dev.profiling.agent;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.time.Instant;

/**
 * An early and a last upload of the agent. It has no calls for them, and its stop() discards the profile, so this uses the parts
 * that it is made of; their names are those of the agent's version in versions.env. Where one is missing, nothing is sent.
 */
final class Uploads implements Runnable {
  private Object exporter;
  private Object snapshot;

  /** Uploads now what there is, and goes on. The agent's code for uploads is loaded by it, for which the end has no time. */
  static void early() throws Exception {
    Object options = options();
    if (options == null) return;
    Object scheduler = value(options.getClass(), options, "scheduler");
    Method tick = scheduler.getClass().getDeclaredMethod("schedulerTick");
    tick.setAccessible(true);
    tick.invoke(scheduler);
  }

  /** Takes the profile, which must not be cut short within the native profiler, and gives its upload some milliseconds. */
  void last(long milliseconds) throws Exception {
    long begin = System.nanoTime();
    if (!take()) return;
    Thread upload = new Thread(this, "profiling-agent-last-upload");
    upload.setDaemon(true);
    upload.start();
    upload.join(Math.max(1, milliseconds - (System.nanoTime() - begin) / 1_000_000));
  }

  private boolean take() throws Exception {
    Object options = options();
    if (options == null) return false;
    Object scheduler = value(options.getClass(), options, "scheduler");
    Object profiler = value(options.getClass(), options, "profiler");
    // The application may have stopped the agent; then its file holds what was sent before.
    if (!Boolean.TRUE.equals(value(scheduler.getClass(), scheduler, "started"))) return false;
    method(scheduler, "stop").invoke(scheduler); // with the profiler, so that no tick comes between
    Object since = value(scheduler.getClass(), scheduler, "profilingIntervalStartTime");
    snapshot = method(profiler, "dumpProfile", Instant.class, Instant.class).invoke(profiler, since, Instant.now());
    exporter = value(options.getClass(), options, "exporter");
    // Past the queue, in which older profiles may wait for a server that is away.
    exporter = value(exporter.getClass(), exporter, "impl");
    return true;
  }

  @Override
  public void run() {
    try {
      method(exporter, "export", snapshot.getClass()).invoke(exporter, snapshot);
    } catch (Throwable notSent) {
      Launcher.debug(notSent);
    }
  }

  /** null when the application has stopped the agent. */
  private static Object options() throws Exception {
    return value(ClassLoader.getSystemClassLoader().loadClass("io.pyroscope.javaagent.PyroscopeAgent"), null, "sOptions");
  }

  private static Object value(Class<?> type, Object of, String name) throws Exception {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }

  private static Method method(Object of, String name, Class<?>... parameters) throws Exception {
    Method method = of.getClass().getMethod(name, parameters);
    method.setAccessible(true);
    return method;
  }
}
