package dev.profiling.agent;

import java.io.UnsupportedEncodingException;
import java.net.URLEncoder;

/** What the environment of the container says. Names and formats are those of Grafana's agent for Java. */
final class Settings {
  // Servers keep 1000 frames of a stack and drop the leaf of what is longer; here the root is cut. Native frames are added.
  private static final int DEPTH = 900;

  String address; // with scheme, without a slash at the end
  String name; // the application's, with labels, encoded for a query
  String event;
  long intervalNanos;
  long uploadMillis;
  String alloc;
  boolean live;
  String lock;
  int depth;
  String more; // options of async-profiler
  String folder; // for files
  String[] headers; // name, value, name, value...

  /** null if the application's name or the server's address is missing: then nothing is profiled. */
  static Settings read() {
    String address = text("PYROSCOPE_SERVER_ADDRESS"), name = text("PYROSCOPE_APPLICATION_NAME");
    if (address == null || name == null) return null;
    Settings s = new Settings();
    s.address = address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
    s.name = encoded(name + "{" + labels(text("PYROSCOPE_LABELS")) + "}");
    s.event = or(text("PYROSCOPE_PROFILER_EVENT"), "itimer");
    s.intervalNanos = between(nanos(text("PYROSCOPE_PROFILING_INTERVAL"), 10_000_000L), 100_000L, 10_000_000_000L);
    s.uploadMillis = between(nanos(text("PYROSCOPE_UPLOAD_INTERVAL"), 15_000_000_000L) / 1_000_000, 1000, 300_000);
    s.alloc = text("PYROSCOPE_PROFILER_ALLOC");
    s.live = "true".equalsIgnoreCase(text("PYROSCOPE_ALLOC_LIVE"));
    s.lock = text("PYROSCOPE_PROFILER_LOCK");
    s.depth = (int) between(number(text("PYROSCOPE_JAVA_STACK_DEPTH_MAX"), DEPTH), 1, 2048);
    s.more = text("PYROSCOPE_AP_EXTRA_ARGUMENTS");
    s.folder = or(text("PYROSCOPE_TMP_DIR"), System.getProperty("java.io.tmpdir"));
    s.headers = headers(text("PYROSCOPE_TENANT_ID"), text("PYROSCOPE_AUTH_TOKEN"));
    return s;
  }

  long hertz() {
    return Math.max(1, Math.round(1e9 / intervalNanos));
  }

  private static String[] headers(String tenant, String token) {
    String user = or(text("PYROSCOPE_BASIC_AUTH_USER"), ""), password = or(text("PYROSCOPE_BASIC_AUTH_PASSWORD"), "");
    String authorization = token != null ? "Bearer " + token : user.isEmpty() && password.isEmpty() ? null : Post.basic(user + ":" + password);
    String[] both = {"X-Scope-OrgID", tenant, "Authorization", authorization};
    if (tenant != null && authorization != null) return both;
    if (tenant != null) return new String[] {both[0], both[1]};
    return authorization != null ? new String[] {both[2], both[3]} : new String[0];
  }

  /** The well-formed pairs of k=v,k2=v2 that servers accept, as they were written. */
  private static String labels(String text) {
    StringBuilder out = new StringBuilder();
    for (int at = 0; text != null && at < text.length(); ) {
      int end = text.indexOf(',', at) < 0 ? text.length() : text.indexOf(',', at);
      String pair = text.substring(at, end).trim();
      int equals = pair.indexOf('=');
      if (equals > 0 && equals < pair.length() - 1 && pair.indexOf('=', equals + 1) < 0 && !odd(pair)) {
        if (out.length() > 0) out.append(',');
        out.append(pair);
      }
      at = end + 1;
    }
    return out.toString();
  }

  private static boolean odd(String pair) {
    for (int i = 0; i < pair.length(); i++) {
      char c = pair.charAt(i);
      if (c <= ' ' || c == '{' || c == '}') return true;
    }
    return false;
  }

  private static String encoded(String text) {
    try {
      return URLEncoder.encode(text, "UTF-8");
    } catch (UnsupportedEncodingException never) {
      throw new IllegalStateException(never);
    }
  }

  /** 15s, 10ms, 5000us, 1m, or nanoseconds without a unit. */
  private static long nanos(String text, long otherwise) {
    if (text == null) return otherwise;
    int digits = 0;
    while (digits < text.length() && Character.isDigit(text.charAt(digits))) digits++;
    String unit = text.substring(digits).trim();
    long scale = unit.equals("ms") ? 1_000_000L : unit.equals("us") ? 1000L : unit.equals("s") ? 1_000_000_000L
        : unit.equals("m") ? 60_000_000_000L : unit.isEmpty() || unit.equals("ns") ? 1L : 0L;
    long value = number(text.substring(0, digits), -1);
    return scale == 0 || value < 0 || value > Long.MAX_VALUE / scale ? otherwise : value * scale;
  }

  private static long number(String text, long otherwise) {
    try {
      return text == null ? otherwise : Long.parseLong(text);
    } catch (NumberFormatException none) {
      return otherwise;
    }
  }

  private static long between(long value, long low, long high) {
    return Math.min(Math.max(value, low), high);
  }

  private static String or(String text, String otherwise) {
    return text == null ? otherwise : text;
  }

  /** null if it is unset or empty. */
  private static String text(String variable) {
    String value = System.getenv(variable);
    return value == null || value.trim().isEmpty() ? null : value.trim();
  }
}
