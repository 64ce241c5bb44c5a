"""Connections on the C module of sockets, each with a moment by which all has to be done."""
import _socket
import posix
from time import monotonic

from .native import allocate_lock, get_ident

# How long a fork waits for a library to look up a name or to work on TLS. A child that is forked meanwhile may inherit locks of
# that library which nobody releases, and wait for ever when it does the same.
FORK_PATIENCE = 0.05
# Bytes of an answer that are read.
LONGEST_ANSWER = 16384


class Libraries:
    """What takes their locks, which is not done while the process forks."""

    def __init__(self):
        self.lock, self._forking, self._slow = allocate_lock(), set(), False

    def addresses(self, host, port):
        with self.lock:
            self._slow = False
            # As bytes, or the encoding of international names would be imported, perhaps while the process forks.
            return _socket.getaddrinfo(host.encode("ascii"), port, 0, _socket.SOCK_STREAM)

    def before_fork(self):
        # During a search for a name that takes long, only the first fork waits.
        if self.lock.acquire(timeout=0 if self._slow else FORK_PATIENCE):
            self._forking.add(get_ident())
        else:
            self._slow = True

    def after_fork_in_parent(self):
        if get_ident() in self._forking:
            self._forking.remove(get_ident())
            self.lock.release()

    def after_fork_in_child(self):
        self.__init__()


libraries = Libraries()
posix.register_at_fork(before=libraries.before_fork, after_in_parent=libraries.after_fork_in_parent,
                       after_in_child=libraries.after_fork_in_child)


def connected(host, port, until):
    """A socket to the first address that takes it. Each gets its part of the time, should the first not answer."""
    failure, addresses = OSError("no address"), libraries.addresses(host, port)
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        made = _socket.socket(family, kind, protocol)
        try:
            made.settimeout(max((until - monotonic()) / (len(addresses) - tried), 0.01))
            made.connect(address)
            return made
        except OSError as error:
            made.close()
            failure = error
    raise failure


class Stream:
    def __init__(self, made, until):
        self._socket, self._until = made, until

    def _limit(self):
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)

    def send(self, data):
        self._limit()
        self._socket.sendall(data)

    def receive(self):
        self._limit()
        return self._socket.recv(LONGEST_ANSWER)

    def receive_head(self):
        """What comes up to the empty line that ends the headers."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.receive()
            data += more
            if not more or len(data) > LONGEST_ANSWER:
                raise OSError("no whole answer" if data else "no answer")
        return data

    def close(self):
        self._socket.close()


class TlsStream(Stream):
    """TLS over a stream, through memory, so that the socket stays one of the C module."""

    def __init__(self, plain, ssl, context, host):
        self._plain, self._ssl = plain, ssl
        self._from_server, self._to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._from_server, self._to_server, server_hostname=host)
        self._until_done(self._object.do_handshake)

    def _until_done(self, call, *words):
        while True:
            wants = False
            try:
                with libraries.lock:  # waits for nothing, because what comes and goes is in memory
                    result = call(*words)
            except self._ssl.SSLWantReadError:
                wants = True
            if self._to_server.pending:
                self._plain.send(self._to_server.read())
            if not wants:
                return result
            more = self._plain.receive()
            if more:
                self._from_server.write(more)
            else:
                self._from_server.write_eof()

    def send(self, data):
        self._until_done(self._object.write, data)

    def receive(self):
        try:
            return self._until_done(self._object.read, LONGEST_ANSWER)
        except self._ssl.SSLEOFError:
            return b""

    def close(self):
        self._plain.close()
