/** Computes in `tiny`, which the compiler puts into its caller. */
public final class Inlined {
  static volatile long sink;

  static long tiny(long x) {
    long y = x * 6364136223846793005L + 1442695040888963407L;
    y ^= y >>> 13;
    y *= 0x9E3779B97F4A7C15L;
    return y ^ (y >>> 7);
  }

  static long caller(long x) {
    for (int i = 0; i < 1_000_000; i++) x = tiny(x);
    return x;
  }

  public static void main(String[] args) {
    while (true) sink = caller(sink);
  }
}
