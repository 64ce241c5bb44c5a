import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Work KIND [ARGUMENT]: does a known amount of work and accounts for it. */
public final class Work {
  static volatile long sink;

  private static void spin(int count) {
    long x = 0;
    for (int i = 0; i < count; i++) x = (x * 31 + i) % 1000003;
    sink += x;
  }

  static void priceBasket(double seconds) {
    for (double end = Ledger.clock() + seconds; Ledger.clock() < end; ) spin(20_000);
  }

  static void printReceipt(double seconds) {
    for (double end = Ledger.clock() + seconds; Ledger.clock() < end; ) spin(20_000);
  }

  static void handleOrder(double seconds) {
    for (double end = Ledger.clock() + seconds; Ledger.clock() < end; ) spin(5_000);
  }

  private static void descend(int depth, double seconds) {
    if (depth > 0) descend(depth - 1, seconds);
    else priceBasket(seconds);
  }

  private static int countWays(int n) {
    return n < 2 ? 1 : countWays(n - 1) + countWays(n - 2);
  }

  /** 70 of a hundred in `first`, the rest in printReceipt, in blocks of random length. */
  private static void split(String name, Ledger.Work first) {
    while (!Ledger.over()) {
      double block = Ledger.BLOCK * Ledger.between(0.02, 0.08);
      Ledger.rest(Ledger.timed(name, first, 0.7 * block) + Ledger.timed("printReceipt", Work::printReceipt, 0.3 * block));
    }
  }

  static void shares() {
    split("priceBasket", Work::priceBasket);
  }

  private static void recursiveRound(double seconds) {
    for (double end = Ledger.clock() + seconds; Ledger.clock() < end; ) sink += countWays(18);
  }

  private static void burst(double milliseconds) {
    while (!Ledger.over()) Ledger.rest(Ledger.timed("handleOrder", Work::handleOrder, milliseconds / 1000), Math.min(Ledger.DUTY, 0.3));
  }

  private static void blocked(int count) throws InterruptedException {
    List<Thread> working = new ArrayList<>();
    for (int i = 0; i < count + 2; i++) {
      Thread thread = new Thread(i < 2 ? Work::shares : Work::waitForEver);
      thread.setDaemon(i >= 2);
      thread.start();
      if (i < 2) working.add(thread);
    }
    for (Thread thread : working) thread.join();
  }

  private static void waitForEver() {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException ending) {
      // The program ends.
    }
  }

  private static void asynchronous() {
    while (!Ledger.over()) {
      double seconds = Ledger.between(0.005, 0.015);
      CompletableFuture<Double> handled = CompletableFuture.supplyAsync(() -> Ledger.timed("handleOrder", Work::handleOrder, seconds));
      Ledger.rest(handled.thenApplyAsync(used -> used + Ledger.timed("printReceipt", Work::printReceipt, used * 3 / 7)).join());
    }
  }

  /** A method that exists only as a class which the runtime makes. */
  private static void generated() {
    Ledger.Work rule = (Ledger.Work) java.lang.reflect.Proxy.newProxyInstance(Work.class.getClassLoader(), new Class<?>[] {Ledger.Work.class},
        (proxy, method, given) -> {
          priceBasket((double) given[0]);
          return null;
        });
    split("priceBasket", rule);
  }

  private static void lives(String kind, String argument) throws Exception {
    switch (kind) {
      case "shares" -> shares();
      case "burst" -> burst(Double.parseDouble(argument));
      case "blocked" -> blocked(Integer.parseInt(argument));
      case "deep" -> split("priceBasket", seconds -> descend(Integer.parseInt(argument), seconds));
      case "recursive" -> split("countWays", Work::recursiveRound);
      case "asynchronous" -> asynchronous();
      case "generated" -> generated();
      default -> More.run(kind, argument);
    }
  }

  public static void main(String[] words) throws Exception {
    Ledger.note(true);
    lives(words[0], words.length > 1 ? words[1] : "");
    Ledger.note(true);
  }
}
