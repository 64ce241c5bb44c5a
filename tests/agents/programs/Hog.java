import java.util.ArrayList;
import java.util.List;

/** Hog SECONDS|stdin: computes as Burn does, then takes memory until there is no more. */
public final class Hog {
  public static void main(String[] args) {
    Burn.compute(args[0]);
    List<byte[]> kept = new ArrayList<>();
    while (args.length > 0) kept.add(new byte[100_000]);
  }
}
