import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Work ROUNDS: the same work each time, of the kind that services do: JSON, hashes, sorting, text. */
public final class Work {
  private static final Pattern ORDER = Pattern.compile("\"customer\":\"user-(\\d+)@([a-z]+)\\.example\",\"cents\":\\[([^\\]]*)\\]");

  static String orders(long seed) {
    StringBuilder out = new StringBuilder("[");
    for (int i = 0; i < 400; i++) {
      seed = (seed * 1103515245 + 12345) % 2147483648L;
      out.append(i == 0 ? "" : ",").append("{\"id\":").append(seed).append(",\"customer\":\"user-").append(seed % 977).append("@shop")
          .append((char) ('a' + seed % 26)).append(".example\",\"cents\":[");
      for (int k = 0; k < 5; k++) out.append(k == 0 ? "" : ",").append((seed >> k) % 90000);
      out.append("]}");
    }
    return out.append("]").toString();
  }

  static List<Map.Entry<String, Long>> byCustomer(String text) {
    Map<String, Long> sums = new HashMap<>();
    Matcher matcher = ORDER.matcher(text);
    while (matcher.find()) {
      long sum = 0;
      for (String cents : matcher.group(3).split(",")) sum += Long.parseLong(cents);
      sums.merge(matcher.group(2) + "/" + matcher.group(1), sum, Long::sum);
    }
    List<Map.Entry<String, Long>> best = new ArrayList<>(sums.entrySet());
    best.sort(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Comparator.comparing(Map.Entry::getKey)));
    return best;
  }

  static String work(long seed) throws Exception {
    String text = orders(seed);
    MessageDigest hash = MessageDigest.getInstance("SHA-256");
    hash.update(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash.digest(byCustomer(text).toString().getBytes(StandardCharsets.UTF_8)));
  }

  public static void main(String[] args) throws Exception {
    String digest = "";
    int warm = args.length > 1 ? Integer.parseInt(args[1]) : 0;
    for (int n = 0; n < Integer.parseInt(args[0]); n++) {
      digest = work(n + digest.length());
      if (n + 1 == warm) System.out.println("warm");
    }
    System.out.println(digest);
    if (warm > 0) System.in.read();
  }
}
