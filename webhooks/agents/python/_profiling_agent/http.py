"""A client for one kind of request, on the C modules of sockets. What applications replace (gevent), trace (OpenTelemetry)
or configure (an opener of urllib) has no part in it, and it takes a tenth of the memory of urllib's modules."""
import os
from binascii import b2a_base64
from time import monotonic

from .stream import Stream, TlsStream, connected


class Unsent(OSError):
    """The request is not with the server as a whole."""


def basic(credentials):
    return "Basic " + b2a_base64(credentials.encode()).decode().strip()


def split_address(address):
    """Scheme, credentials, host, port and path of an http(s) URL. Raises ValueError."""
    scheme, found, rest = address.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in ("http", "https") or any(c <= " " or c > "~" for c in rest):
        raise ValueError("no address of a server: " + repr(address))
    place, slash, path = rest.partition("/")
    credentials, _, place = place.rpartition("@")
    host, _, port = place.rpartition(":") if place.rpartition(":")[2].isdigit() else (place, "", "")
    if not host.strip("[]"):
        raise ValueError("no host: " + repr(address))
    return scheme, credentials, host.strip("[]"), int(port or (443 if scheme == "https" else 80)), slash + path


def proxy_for(scheme, host):
    """The proxy of the environment for that server, or None."""
    if not any(name.lower().endswith("_proxy") and os.environ[name] for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass  # only here: it brings much with it
    address = None if proxy_bypass(host) else getproxies().get(scheme)
    return address and split_address(address if "://" in address else "http://" + address)


class Client:
    """Made while no process is forked, because it imports."""

    def __init__(self, address):
        self.scheme, credentials, self.host, self.port, self.path = split_address(address)
        self._authorization = {"Authorization": basic(credentials)} if credentials else {}
        self._proxy = proxy_for(self.scheme, self.host)
        self._tls = None
        if self.scheme == "https":
            import ssl
            self._ssl, self._tls = ssl, ssl.create_default_context()

    def post(self, body, headers, patience):
        """Returns the status and the headers of the answer. Raises Unsent, or another exception once all is sent."""
        until = monotonic() + patience
        stream = None
        try:
            try:
                stream = self._connect(until)
                stream.send(self._request(body, headers))
            except (OSError, ValueError) as error:
                raise Unsent(str(error)) from None
            return parse_head(stream.receive_head())
        finally:
            if stream is not None:
                stream.close()

    def _authority(self):
        host = "[%s]" % self.host if ":" in self.host else self.host
        return "%s:%d" % (host, self.port)

    def _request(self, body, headers):
        target = self.path or "/"
        fields = {"Host": self._authority(), **self._authorization, **headers, "Content-Length": len(body), "Connection": "close"}
        if self._proxy and self._tls is None:
            target = "http://" + self._authority() + target
            if self._proxy[1]:
                fields["Proxy-Authorization"] = basic(self._proxy[1])
        return head("POST " + target, fields) + body

    def _connect(self, until):
        scheme, credentials, host, port, _ = self._proxy or (None, None, self.host, self.port, None)
        if scheme == "https":
            raise OSError("a proxy that is reached by TLS")
        stream = Stream(connected(host, port, until), until)
        if self._tls is None:
            return stream
        try:
            if self._proxy:
                fields = {"Host": self._authority(), **({"Proxy-Authorization": basic(credentials)} if credentials else {})}
                stream.send(head("CONNECT " + self._authority(), fields))
                status = parse_head(stream.receive_head())[0]
                if status != 200:
                    raise OSError("the proxy says %d" % status)
            return TlsStream(stream, self._ssl, self._tls, self.host)
        except BaseException:
            stream.close()
            raise


def head(line, fields):
    lines = [line + " HTTP/1.1", *("%s: %s" % field for field in fields.items())]
    if any("\r" in text or "\n" in text for text in lines):
        raise ValueError("a line break in a header")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def parse_head(data):
    lines = data.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    version, status = lines[0].split(None, 2)[:2]
    if not version.startswith("HTTP/"):
        raise ValueError("no answer of HTTP: " + repr(lines[0][:80]))
    pairs = (line.partition(":") for line in lines[1:])
    return int(status), {name.strip().lower(): value.strip() for name, _, value in pairs}
