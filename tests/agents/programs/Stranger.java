/** Loads the library of a profiler after some milliseconds, as an application with a profiler of its own, and computes until its stdin ends. */
public class Stranger {
  public static void main(String[] arguments) throws Exception {
    Thread.sleep(Long.parseLong(arguments[1]));
    System.load(arguments[0]);
    System.out.println("loaded");
    double sum = 0;
    while (System.in.available() == 0) sum += Math.sqrt(sum + 1);
    System.exit(sum > 0 ? 3 : 4);
  }
}
