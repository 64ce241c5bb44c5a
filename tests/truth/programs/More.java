import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The kinds that need other parts of the runtime: servers, processes, memory, locks, inlined code. */
final class More {
  private static final double WORK = 0.004;
  private static final Object LOCK = new Object();
  private static Object kept;

  private More() {}

  static void run(String kind, String argument) throws Exception {
    switch (kind) {
      case "server" -> server();
      case "child" -> child();
      case "allocate" -> allocate(8 << 10, 8 << 10);
      case "mixed" -> allocate(1 << 10, 64 << 10);
      case "lock" -> lock();
      case "inlined" -> inlined();
      default -> throw new IllegalArgumentException(kind);
    }
  }

  private static void server() throws Exception {
    HttpServer found = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    found.createContext("/", exchange -> {
      Ledger.timed("handleOrder", Work::handleOrder, WORK);
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    found.start();
    Path fresh = Ledger.FOLDER.resolve("port.new");
    Files.writeString(fresh, String.valueOf(found.getAddress().getPort()));
    Files.move(fresh, Ledger.FOLDER.resolve("port"), StandardCopyOption.ATOMIC_MOVE);
    while (!Ledger.over()) {
      Thread.sleep(50);
      Ledger.note(false);
    }
    found.stop(0);
  }

  private static void child() throws Exception {
    Process child = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp", System.getProperty("java.class.path"),
        "Work", "shares").inheritIO().start();
    Work.shares();
    child.waitFor();
  }

  private static void allocateBasket(int bytes) {
    kept = new byte[bytes - 16]; // 16 bytes are the array's header
  }

  private static void allocateReceipt(int bytes) {
    kept = new byte[bytes - 16];
  }

  /** 70 of a hundred bytes in allocateBasket, in pieces of these sizes. */
  private static void allocate(int large, int small) throws InterruptedException {
    while (!Ledger.over()) {
      for (long left = 700 << 10; left > 0; left -= large) allocateBasket(large);
      for (long left = 300 << 10; left > 0; left -= small) allocateReceipt(small);
      Ledger.add("allocateBasket", rounded(700 << 10, large));
      Ledger.add("allocateReceipt", rounded(300 << 10, small));
      Thread.sleep(5);
    }
  }

  private static double rounded(long bytes, long piece) {
    return (bytes + piece - 1) / piece * piece;
  }

  private static void awaitLock() {
    long before = System.nanoTime();
    synchronized (LOCK) {
      Ledger.add("awaitLock", (System.nanoTime() - before) / 1e9);
    }
  }

  /** One thread holds the lock for 40 ms, twice a second or so another waits for it. */
  private static void lock() throws InterruptedException {
    Thread holder = new Thread(() -> {
      while (!Ledger.over()) {
        synchronized (LOCK) {
          pause(40);
        }
        pause(20);
      }
    });
    holder.start();
    while (!Ledger.over()) {
      awaitLock();
      pause((long) Ledger.between(10, 60));
    }
    holder.join();
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
  }

  /** Small enough to be compiled into its caller, and nearly all of the caller's time. */
  private static long tinyPrice(long x) {
    for (int i = 0; i < 24; i++) x = (x * 31 + i) % 1000003;
    return x;
  }

  private static long sumPrices(int count) {
    long sum = 0;
    for (int i = 0; i < count; i++) sum += tinyPrice(sum + i);
    return sum;
  }

  private static void sumOrders(double seconds) {
    for (double end = Ledger.clock() + seconds; Ledger.clock() < end; ) Work.sink += sumPrices(2_000);
  }

  private static void inlined() {
    while (!Ledger.over()) {
      double block = Ledger.BLOCK * Ledger.between(0.02, 0.08);
      Ledger.rest(Ledger.timed("tinyPrice", More::sumOrders, 0.7 * block) + Ledger.timed("printReceipt", Work::printReceipt, 0.3 * block));
    }
  }
}
