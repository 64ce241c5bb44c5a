/** Burn SECONDS|stdin CODE: computes for a while, or until its input ends, and ends with that code. */
public final class Burn {
  private static volatile boolean ended;

  static void compute(String seconds) {
    long until = Long.MAX_VALUE, sum = 1;
    if (seconds.equals("stdin")) {
      Thread listener = new Thread(() -> {
        try {
          while (System.in.read() >= 0) {}
        } catch (java.io.IOException closed) {
        }
        ended = true;
      });
      listener.setDaemon(true);
      listener.start();
    } else {
      until = System.nanoTime() + (long) (Double.parseDouble(seconds) * 1e9);
    }
    while (!ended && System.nanoTime() < until) sum = priceBasket(sum);
    System.out.println(sum == 0 ? "never" : "done");
  }

  static long priceBasket(long seed) {
    for (int i = 0; i < 10_000; i++) seed = seed * 6364136223846793005L + 1442695040888963407L;
    return seed;
  }

  public static void main(String[] args) {
    compute(args[0]);
    System.exit(Integer.parseInt(args[1]));
  }
}
