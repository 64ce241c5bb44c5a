package shop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;

/** Prices baskets over HTTP, and sends itself enough of them to keep about a third of a core busy. */
public final class Checkout {
  record Item(String sku, int quantity, long unitCents) {}

  private static final Random RANDOM = new Random(7);

  static List<Item> basket(int size) {
    List<Item> items = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      items.add(new Item("sku-" + RANDOM.nextInt(5000), 1 + RANDOM.nextInt(9), 99 + RANDOM.nextInt(90000)));
    }
    return items;
  }

  /** The total in cents, with volume discounts and tax. */
  static long priceBasket(List<Item> items) {
    long total = 0;
    for (Item item : items) {
      long line = item.unitCents() * item.quantity();
      for (int step = 1; step <= 40; step++) {
        if (item.quantity() * step % 7 == 0) line -= line / (200 + step);
        line += (item.sku().charAt(item.sku().length() - 1) * step) % 3;
      }
      total += line + line * 19 / 100;
    }
    return total;
  }

  private static void loadForEver() {
    List<Item> items = basket(400);
    long sum = 0;
    while (true) {
      long until = System.nanoTime() + 30_000_000L;
      while (System.nanoTime() < until) sum += priceBasket(items);
      try {
        Thread.sleep(sum == 42 ? 71 : 70);
      } catch (InterruptedException stop) {
        return;
      }
    }
  }

  private static void answer(HttpExchange exchange, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 64);
    server.createContext("/healthz", exchange -> answer(exchange, "ok\n"));
    server.createContext("/work", exchange -> answer(exchange, priceBasket(basket(100)) + "\n"));
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.start();
    Thread load = new Thread(Checkout::loadForEver, "load");
    load.setDaemon(true);
    load.start();
  }
}
