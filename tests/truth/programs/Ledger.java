import com.sun.management.OperatingSystemMXBean;
import java.io.FileWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The program's own account, in the form that ledger.py describes. The total is the CPU of the process, with the JVM's
 * own threads, since the agent reports them, and without Java threads that have never asked for the clock: the agent's.
 */
final class Ledger {
  static final Path FOLDER = Path.of(System.getenv("TRUTH_FOLDER"));
  static final double DUTY = number("TRUTH_DUTY", 0.5);
  static final double BLOCK = number("TRUTH_BLOCK", 1);
  private static final long END = System.nanoTime() + (long) (1e9 * number("TRUTH_SECONDS", 240));
  private static final long LINE_EVERY_NS = 50_000_000;
  private static final Path FILE = FOLDER.resolve(ProcessHandle.current().pid() + ".jsonl");
  private static final Path STOP = FOLDER.resolve("stop");
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final OperatingSystemMXBean PROCESS = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final Map<String, Double> spent = new TreeMap<>();
  private static final Set<Long> own = ConcurrentHashMap.newKeySet();
  private static final Map<Long, Long> foreign = new TreeMap<>(); // nanoseconds, of threads that have ended, too
  private static long next = System.nanoTime();
  private static volatile boolean over;

  private Ledger() {}

  interface Work {
    void run(double seconds);
  }

  private static double number(String name, double otherwise) {
    String text = System.getenv(name);
    return text == null ? otherwise : Double.parseDouble(text);
  }

  /** CPU seconds of the calling thread. */
  static double clock() {
    own.add(Thread.currentThread().getId());
    return THREADS.getCurrentThreadCpuTime() / 1e9;
  }

  static synchronized void add(String name, double amount) {
    spent.merge(name, amount, Double::sum);
    note(false);
  }

  static synchronized void note(boolean now) {
    if (System.nanoTime() < next && !now) return;
    next = System.nanoTime() + LINE_EVERY_NS;
    over = System.nanoTime() > END || Files.exists(STOP);
    StringBuilder line = new StringBuilder();
    line.append("{\"t\": ").append(System.currentTimeMillis() / 1000.0);
    line.append(", \"total\": ").append((PROCESS.getProcessCpuTime() - foreignTime()) / 1e9);
    spent.forEach((name, amount) -> line.append(", \"").append(name).append("\": ").append(amount));
    line.append("}\n");
    try (FileWriter file = new FileWriter(FILE.toFile(), true)) {
      file.write(line.toString());
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  private static long foreignTime() {
    for (long thread : THREADS.getAllThreadIds()) {
      if (!own.contains(thread)) foreign.merge(thread, THREADS.getThreadCpuTime(thread), Math::max);
    }
    return foreign.values().stream().mapToLong(Long::longValue).sum();
  }

  static boolean over() {
    return over;
  }

  static double timed(String name, Work work, double seconds) {
    double before = clock();
    work.run(seconds);
    double used = clock() - before;
    add(name, used);
    return used;
  }

  static double between(double low, double high) {
    return ThreadLocalRandom.current().nextDouble(low, high);
  }

  /** A random rest, after which the thread has computed for `duty` of the time on average. */
  static void rest(double used, double duty) {
    try {
      Thread.sleep((long) (1000 * used * (1 / duty - 1) * between(0.2, 1.8)));
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
  }

  static void rest(double used) {
    rest(used, DUTY);
  }
}
