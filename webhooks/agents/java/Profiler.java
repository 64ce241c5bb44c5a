package dev.profiling.agent;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * async-profiler, which writes a recording into a file. Its library gives its functions to the class that loads it
 * (async-profiler: src/javaApi.cpp, registerNatives), so no class of anybody else is needed, and none that the application
 * may bring in another version. Used by one thread at a time.
 */
final class Profiler {
  // Without the JVM's arguments and properties, in which applications put passwords, and without the machine's and the heap's
  // state, which servers do not read (async-profiler: src/arguments.h, JfrOption).
  private static final int SAMPLES_ONLY = 1 | 2 | 4 | 8 | 16;

  private final String options;
  private final String folder;
  private String event;
  private InputStream recording; // the file is removed at once, so that a JVM that is killed leaves none

  private native String execute0(String command) throws IllegalArgumentException, IllegalStateException, IOException;

  private native void stop0() throws IllegalStateException;

  /** The file of the library, beside this jar. Throws when there is none for this machine. */
  static File library() throws IOException {
    String machine = System.getProperty("os.arch");
    boolean arm = "aarch64".equals(machine);
    if (!arm && !"amd64".equals(machine) && !"x86_64".equals(machine)) throw new IOException("no profiler for " + machine);
    try {
      File jar = new File(Profiler.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return new File(jar.getParentFile(), "lib/libasyncProfiler-" + (arm ? "arm64" : "x64") + ".so");
    } catch (URISyntaxException odd) {
      throw new IOException(odd);
    }
  }

  /** Loads the library. Throws when there is no folder to write into. */
  Profiler(Settings settings) throws Exception {
    // To async-profiler, a comma ends the name of the file, and a percent sign stands for something else.
    if (settings.folder.indexOf(',') >= 0 || settings.folder.indexOf('%') >= 0) throw new IOException("no folder for the profiler: " + settings.folder);
    System.load(library().getPath());
    event = settings.event;
    folder = settings.folder;
    options = (settings.alloc == null ? "" : ",alloc=" + settings.alloc + (settings.live ? ",live" : ""))
        + (settings.lock == null ? "" : ",lock=" + settings.lock) + ",interval=" + settings.intervalNanos
        + ",jfr,jfropts=" + SAMPLES_ONLY + ",loglevel=none,jstackdepth=" + settings.depth + (settings.more == null ? "" : "," + settings.more);
  }

  void start() throws Exception {
    if (recording != null) recording.close(); // of a recording that could not be ended
    File file = create(folder);
    InputStream opened = null;
    try {
      // First, because a process without descriptors must not end up with a recording that nobody can read.
      opened = new FileInputStream(file);
      start(file);
      recording = opened;
      opened = null;
    } finally {
      file.delete();
      if (opened != null) opened.close();
    }
  }

  private void start(File file) throws Exception {
    try {
      execute0("start,event=" + event + options + ",file=" + file.getPath());
    } catch (IllegalStateException failed) {
      // Timers of threads count among the pending signals of a user, which others may have used up.
      if (!event.equals("ctimer")) throw failed;
      execute0("start,event=itimer" + options + ",file=" + file.getPath());
      event = "itimer";
    }
  }

  /** Returns what was recorded since start(); the caller closes it. */
  InputStream stop() {
    stop0();
    InputStream ended = recording;
    recording = null;
    return ended;
  }

  /** Reads the recording to its end, compresses it and closes it. */
  static byte[] packed(InputStream recording) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream(64 * 1024);
    try (InputStream in = recording; OutputStream out = new Fast(packed)) {
      byte[] part = new byte[16 * 1024];
      for (int n = in.read(part); n > 0; n = in.read(part)) out.write(part, 0, n);
    }
    return packed.toByteArray();
  }

  /** A new file, which is nobody else's: the folder may be writable for all. Random names would load much of the JDK. */
  private static File create(String folder) throws IOException {
    long number = System.nanoTime();
    for (int i = 0; i < 10; i++) {
      File file = new File(folder, "profiling-agent-" + (number + i) + ".jfr");
      if (file.createNewFile()) return file;
    }
    throw new IOException("no new file in " + folder);
  }

  private static final class Fast extends GZIPOutputStream {
    Fast(OutputStream out) throws IOException {
      super(out, 16 * 1024);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
