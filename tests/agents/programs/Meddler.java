import java.io.BufferedReader;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;

/** Does at each line of its stdin what applications do that is hard on an agent, says so, and computes until its stdin ends; ends with 5. */
public final class Meddler {
  private static final BufferedReader ORDERS = new BufferedReader(new InputStreamReader(System.in));

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("selector")) takeOver();
    Thread computing = new Thread(() -> Burn.compute("1e6"));
    computing.setDaemon(true);
    if (!arguments[0].equals("blocked")) computing.start();
    List<Closeable> open = new ArrayList<>();
    while (ORDERS.readLine() != null) {
      switch (arguments[0]) {
        case "descriptors" -> descriptors(open);
        case "interrupts" -> Thread.getAllStackTraces().keySet().forEach(Thread::interrupt);
        case "trust" -> trust(arguments[1], arguments[2]);
        case "blocked" -> blocked(arguments[1]);
        default -> throw new IllegalArgumentException(arguments[0]);
      }
      System.out.println("meddled");
    }
    Runtime.getRuntime().exit(5);
  }

  /** Takes all that there are, and those that come free within three seconds. */
  private static void descriptors(List<Closeable> open) throws Exception {
    if (open.isEmpty()) {
      long until = System.nanoTime() + 3_000_000_000L;
      while (System.nanoTime() < until) {
        try {
          open.add(new FileInputStream("/dev/null"));
        } catch (IOException full) {
          Thread.sleep(1);
        }
      }
    } else {
      for (Closeable each : open) each.close();
    }
  }

  /** A selector that knows only what the application connects to, and a handler that ends the process at the first fault. */
  private static void takeOver() {
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> Runtime.getRuntime().halt(99));
    ProxySelector.setDefault(new ProxySelector() {
      @Override
      public List<java.net.Proxy> select(URI uri) {
        throw new AssertionError(uri);
      }

      @Override
      public void connectFailed(URI uri, SocketAddress address, IOException error) {}
    });
  }

  private static void trust(String store, String url) {
    System.setProperty("javax.net.ssl.trustStore", store);
    System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
    try {
      new URL(url).openStream().close();
      System.out.println("trusted");
    } catch (IOException error) {
      System.out.println(error);
    }
  }

  /** The agent's own client, with an upload that the server never reads. */
  private static void blocked(String url) throws Exception {
    Object post = made("Post", url, new String[0]), upload = made("Upload", "/ingest", new byte[32 << 20]);
    Method send = method(post, "send", upload.getClass(), long.class), expire = method(post, "expire");
    Thread sending = new Thread(() -> {
      try {
        send.invoke(post, upload, 1L << 20);
      } catch (ReflectiveOperationException ended) {
        System.out.println(ended.getCause());
      }
    });
    sending.setDaemon(true);
    sending.start();
    while (!inWrite(sending)) Thread.sleep(20);
    Thread.sleep(1000);
    java.lang.reflect.Field until = post.getClass().getDeclaredField("until");
    until.setAccessible(true);
    until.setLong(post, 0);
    expire.invoke(post);
    sending.join();
  }

  private static boolean inWrite(Thread thread) {
    boolean seen = false;
    for (StackTraceElement each : thread.getStackTrace()) seen |= each.getClassName().endsWith("Post") && each.getMethodName().equals("write");
    return seen;
  }

  private static Object made(String name, Object... arguments) throws Exception {
    Constructor<?> constructor = Class.forName("dev.profiling.agent." + name).getDeclaredConstructors()[0];
    constructor.setAccessible(true);
    return constructor.newInstance(arguments);
  }

  private static Method method(Object of, String name, Class<?>... types) throws Exception {
    Method found = of.getClass().getDeclaredMethod(name, types);
    found.setAccessible(true);
    return found;
  }
}
