package dev.profiling.agent;

import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;

/** The proxy that the JVM's properties name for a server (https.proxyHost, http.nonProxyHosts). */
final class Proxy {
  final String host;
  final int port;

  private Proxy(String host, int port) {
    this.host = host;
    this.port = port;
  }

  /** null where there is none, as in nearly every pod: then nothing of the JDK's selector is loaded. */
  static Proxy of(boolean tls, String host) {
    String scheme = tls ? "https" : "http";
    String named = System.getProperty(scheme + ".proxyHost");
    if (named == null || named.isEmpty() || ProxySelector.getDefault() == null) return null;
    String place = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    for (java.net.Proxy each : ProxySelector.getDefault().select(URI.create(scheme + "://" + place))) {
      SocketAddress address = each.type() == java.net.Proxy.Type.HTTP ? each.address() : null;
      if (address instanceof InetSocketAddress) {
        return new Proxy(((InetSocketAddress) address).getHostString(), ((InetSocketAddress) address).getPort());
      }
    }
    return null;
  }
}
