/** Burn SECONDS CODE: computes for a while and ends with that code. */
public final class Burn {
  static long priceBasket(long seed) {
    for (int i = 0; i < 10_000; i++) seed = seed * 6364136223846793005L + 1442695040888963407L;
    return seed;
  }

  public static void main(String[] args) {
    long until = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9), sum = 1;
    while (System.nanoTime() < until) sum = priceBasket(sum);
    System.exit(Integer.parseInt(args[1]) + (sum == 0 ? 1 : 0));
  }
}
