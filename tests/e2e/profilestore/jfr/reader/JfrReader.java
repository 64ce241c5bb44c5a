import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;

/**
 * Reads flight recordings for the profile store. A line on standard input names a file; the answer on
 * standard output is a byte (0 read, 1 refused), the length of what follows as a 32-bit number, and
 * either the reason as UTF-8 or the recording: the profiler's event, the frames as pairs of class and
 * method, and the samples as (kind, count, value, indexes of frames, leaf first). Ends with its input.
 */
public final class JfrReader {
  private static final int CPU = 0, WALL = 1, IN_TLAB = 2, OUT_TLAB = 3, LOCK = 4, PARK = 5, LIVE = 6,
      ALLOC = 7, MALLOC = 8;
  private static final int LONGEST_NAME = 16000; // writeUTF takes 65535 bytes, three for a character

  private String event = "";
  private final Map<List<String>, Integer> frames = new LinkedHashMap<>();
  private final Map<List<Integer>, long[]> samples = new LinkedHashMap<>();

  public static void main(String[] arguments) throws IOException {
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var output = new DataOutputStream(System.out);
    for (String line; (line = input.readLine()) != null; ) {
      byte status = 0;
      byte[] body;
      try {
        body = new JfrReader().read(Path.of(line));
      } catch (IOException | RuntimeException e) {
        status = 1;
        body = String.valueOf(e.getMessage() == null ? e : e.getMessage()).getBytes(StandardCharsets.UTF_8);
      }
      output.writeByte(status);
      output.writeInt(body.length);
      output.write(body);
      output.flush();
    }
  }

  private byte[] read(Path path) throws IOException {
    try (var recording = new RecordingFile(path)) {
      while (recording.hasMoreEvents()) {
        take(recording.readEvent());
      }
    }
    return encode();
  }

  /** Which event gives which kind of sample follows what the server makes of the agent's recordings. */
  private void take(RecordedEvent e) {
    switch (e.getEventType().getName()) {
      case "jdk.ActiveSetting" -> {
        if ("event".equals(e.getString("name")) && e.getString("value") != null) {
          event = e.getString("value");
        }
      }
      case "jdk.ExecutionSample" -> {
        if (!"STATE_SLEEPING".equals(e.getString("state"))) {
          add(CPU, e, 1, 0);
        }
        if ("wall".equals(event)) {
          add(WALL, e, 1, 0);
        }
      }
      case "profiler.WallClockSample" -> {
        if ("STATE_RUNNABLE".equals(e.getString("state")) && "wall".equals(event)) {
          add(CPU, e, e.getInt("samples"), 0);
        }
        add(WALL, e, e.getInt("samples"), 0);
      }
      case "jdk.ObjectAllocationInNewTLAB" -> add(IN_TLAB, e, 1, e.getLong("tlabSize"));
      case "jdk.ObjectAllocationOutsideTLAB" -> add(OUT_TLAB, e, 1, e.getLong("allocationSize"));
      case "jdk.JavaMonitorEnter" -> add(LOCK, e, 1, e.getDuration().toNanos());
      case "jdk.ThreadPark" -> add(PARK, e, 1, e.getDuration().toNanos());
      case "profiler.LiveObject" -> add(LIVE, e, 1, 0);
      case "jdk.ObjectAllocationSample" -> add(ALLOC, e, 1, e.getLong("weight"));
      case "profiler.Malloc" -> add(MALLOC, e, 1, e.getLong("size"));
      default -> { }
    }
  }

  private void add(int kind, RecordedEvent e, long count, long value) {
    RecordedStackTrace stack = e.getStackTrace();
    if (stack == null) {
      return;
    }
    List<Integer> key = new ArrayList<>();
    key.add(kind);
    for (RecordedFrame frame : stack.getFrames()) {
      RecordedMethod method = frame.getMethod();
      if (method == null || method.getType() == null) {
        continue;
      }
      // getType().getName() would turn the slashes of native libraries' paths into dots.
      String type = method.getType().getString("name");
      key.add(frames.computeIfAbsent(List.of(name(type), name(method.getName())), f -> frames.size()));
    }
    long[] sums = samples.computeIfAbsent(key, k -> new long[2]);
    sums[0] += count;
    sums[1] += value;
  }

  private static String name(String text) {
    if (text == null) {
      return "";
    }
    return text.length() <= LONGEST_NAME ? text : text.substring(0, LONGEST_NAME);
  }

  private byte[] encode() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeUTF(name(event));
    out.writeInt(frames.size());
    for (List<String> frame : frames.keySet()) {
      out.writeUTF(frame.get(0));
      out.writeUTF(frame.get(1));
    }
    out.writeInt(samples.size());
    for (var sample : samples.entrySet()) {
      List<Integer> key = sample.getKey();
      out.writeByte(key.get(0));
      out.writeLong(sample.getValue()[0]);
      out.writeLong(sample.getValue()[1]);
      out.writeInt(key.size() - 1);
      for (int i = 1; i < key.size(); i++) {
        out.writeInt(key.get(i));
      }
    }
    return bytes.toByteArray();
  }
}
