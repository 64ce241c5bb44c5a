package dev.profiling.agent;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * A client for one kind of request, on sockets: HttpURLConnection is what tracers watch and applications replace, and takes
 * ten times the classes. One thread at a time sends; another may call expire().
 */
final class Post {
  /** The request is not with the server as a whole. */
  static final class Unsent extends IOException {
    private static final long serialVersionUID = 1;
    final boolean begun; // the server has a part of it

    Unsent(String why, boolean begun) {
      super(why);
      this.begun = begun;
    }
  }

  private static final String BOUNDARY = "profiling-agent-b2f1d6c06c5e4b7f9a5e";
  private static final int LONGEST_HEAD = 16 * 1024;

  private final String address;
  private final String[] headers;
  private final boolean tls;
  private final String host;
  private final int port;
  private final String path;
  private final String credentials; // of the address, or null
  private final Proxy proxy;
  private static SSLSocketFactory factory;
  private volatile Socket open;
  private volatile long until;
  private long retryAfter;

  Post(String address, String[] headers) throws IOException {
    this.address = address;
    this.headers = headers;
    int scheme = address.indexOf("://");
    tls = address.regionMatches(true, 0, "https://", 0, 8);
    if (!tls && !address.regionMatches(true, 0, "http://", 0, 7)) throw new IOException("no address of a server: " + address);
    int slash = address.indexOf('/', scheme + 3);
    String place = address.substring(scheme + 3, slash < 0 ? address.length() : slash);
    path = slash < 0 ? "" : address.substring(slash);
    int at = place.lastIndexOf('@');
    credentials = at < 0 ? null : place.substring(0, at);
    place = place.substring(at + 1);
    int colon = place.lastIndexOf(':');
    boolean hasPort = colon >= 0 && place.indexOf(']', colon) < 0 && colon < place.length() - 1;
    String name = hasPort ? place.substring(0, colon) : place;
    host = name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
    if (host.isEmpty()) throw new IOException("no host: " + address);
    try {
      port = hasPort ? Integer.parseInt(place.substring(colon + 1)) : tls ? 443 : 80;
    } catch (NumberFormatException odd) {
      throw new IOException("no port: " + address);
    }
    proxy = Proxy.of(tls, host);
  }

  Post another() throws IOException {
    return new Post(address, headers);
  }

  /** The answer's status. Unsent if the upload may be sent again, another IOException if the server may have stored it. */
  int send(Upload upload, long millis) throws IOException {
    until = System.nanoTime() / 1_000_000 + millis;
    try {
      InputStream answers = null;
      try {
        Socket socket = connected();
        answers = socket.getInputStream();
        write(socket.getOutputStream(), upload);
      } catch (IOException | RuntimeException error) {
        return refused(answers, error);
      }
      return status(head(answers));
    } finally {
      close();
    }
  }

  /** A server that does not want an upload may say so, and close, before it has read the whole. */
  private int refused(InputStream answers, Exception error) throws Unsent {
    try {
      int status = answers == null ? 0 : status(head(answers));
      if (status >= 300) return status;
    } catch (IOException | RuntimeException silent) {
      // It did not say.
    }
    throw new Unsent(error.toString(), answers != null);
  }

  /** What the last answer asked for, in seconds. */
  long retryAfter() {
    return retryAfter;
  }

  /** Ends a request that is overdue: writing to a socket knows no deadline. */
  void expire() {
    if (open != null && System.nanoTime() / 1_000_000 > until) close();
  }

  private Socket connected() throws IOException {
    Socket socket = connect(proxy == null ? host : proxy.host, proxy == null ? port : proxy.port);
    if (!tls) return socket;
    if (proxy != null) tunnel(socket);
    // `open` stays the socket below: an SSLSocket that another thread writes to cannot be closed.
    SSLSocket secure = (SSLSocket) secured().createSocket(socket, host, port, true);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    return secure;
  }

  /** Not the JDK's default, which is made once: it would keep the application from naming another trust store after that. */
  private static synchronized SSLSocketFactory secured() throws IOException {
    if (factory == null) {
      try {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, null, null);
        factory = context.getSocketFactory();
      } catch (GeneralSecurityException none) {
        throw new IOException(none);
      }
    }
    return factory;
  }

  private Socket connect(String name, int number) throws IOException {
    IOException last = null;
    for (InetAddress each : InetAddress.getAllByName(name)) {
      // A plain socket would ask the application's ProxySelector, which may know no address of this kind.
      Socket socket = System.getProperty("socksProxyHost") == null ? new Socket(java.net.Proxy.NO_PROXY) : new Socket();
      open = socket;
      try {
        socket.connect(new InetSocketAddress(each, number), left());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(left());
        return socket;
      } catch (IOException error) {
        last = error;
        socket.close();
      }
    }
    throw last;
  }

  private void tunnel(Socket socket) throws IOException {
    StringBuilder text = new StringBuilder("CONNECT " + authority() + " HTTP/1.1\r\n");
    field(text, "Host", authority());
    socket.getOutputStream().write(text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    int status = status(head(socket.getInputStream()));
    if (status != 200) throw new IOException("the proxy says " + status);
  }

  private void write(OutputStream out, Upload upload) throws IOException {
    byte[] begin = ("--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"jfr\"; filename=\"jfr\"\r\n"
        + "Content-Type: application/octet-stream\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
    byte[] end = ("\r\n--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.ISO_8859_1);
    String target = (proxy != null && !tls ? "http://" + authority() : "") + path + upload.target;
    StringBuilder text = new StringBuilder("POST " + target + " HTTP/1.1\r\n");
    field(text, "Host", authority());
    field(text, "User-Agent", "profiling-agent/java");
    if (credentials != null) field(text, "Authorization", basic(credentials));
    for (int i = 0; i < headers.length; i += 2) {
      if (credentials == null || !headers[i].equals("Authorization")) field(text, headers[i], headers[i + 1]);
    }
    field(text, "Content-Type", "multipart/form-data; boundary=" + BOUNDARY);
    field(text, "Content-Length", String.valueOf(begin.length + upload.recording.length + end.length));
    field(text, "Connection", "close");
    byte[] head = text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    // In one piece, so that a small request is one packet.
    ByteArrayOutputStream first = new ByteArrayOutputStream(head.length + begin.length);
    first.write(head);
    first.write(begin);
    out.write(first.toByteArray());
    out.write(upload.recording);
    out.write(end);
    out.flush();
  }

  private static void field(StringBuilder text, String name, String value) throws IOException {
    if (value.indexOf('\r') >= 0 || value.indexOf('\n') >= 0) throw new IOException("a line break in " + name);
    text.append(name).append(": ").append(value).append("\r\n");
  }

  private String head(InputStream in) throws IOException {
    StringBuilder text = new StringBuilder();
    byte[] part = new byte[1024];
    while (text.length() < LONGEST_HEAD) {
      open.setSoTimeout(left());
      int n = in.read(part);
      if (n < 0) throw new IOException("the server closed the connection");
      text.append(new String(part, 0, n, StandardCharsets.ISO_8859_1));
      int end = text.indexOf("\r\n\r\n");
      while (end >= 0 && text.indexOf("HTTP/1.1 1") == 0) { // 100 Continue: the answer is yet to come
        text.delete(0, end + 4);
        end = text.indexOf("\r\n\r\n");
      }
      if (end >= 0) return text.substring(0, end + 2);
    }
    throw new IOException("an answer without end");
  }

  private int status(String head) throws IOException {
    retryAfter = 0;
    try {
      if (!head.startsWith("HTTP/1.")) throw new IOException("no answer of HTTP");
      String lower = head.toLowerCase(java.util.Locale.ROOT);
      int at = lower.indexOf("\r\nretry-after:");
      String after = at < 0 ? "" : lower.substring(at + 14, lower.indexOf('\r', at + 2)).trim();
      if (!after.isEmpty() && after.length() < 9 && digits(after)) retryAfter = Long.parseLong(after);
      return Integer.parseInt(head.substring(9, 12));
    } catch (IndexOutOfBoundsException | NumberFormatException odd) {
      throw new IOException("no status: " + odd.getMessage());
    }
  }

  private static boolean digits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
    }
    return true;
  }

  private String authority() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  private int left() throws IOException {
    long left = until - System.nanoTime() / 1_000_000;
    if (left <= 0) throw new IOException("no answer in time");
    return (int) left;
  }

  private void close() {
    Socket socket = open;
    open = null;
    try {
      if (socket != null) socket.close();
    } catch (IOException closed) {
      // It is over in any case.
    }
  }

  static String basic(String pair) {
    return "Basic " + java.util.Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }
}
