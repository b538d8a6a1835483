# what: TCP, UDP, unix sockets, name look-up
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import socket

for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        attempt(f"socket {family} {kind}", lambda: socket.socket(family, kind))
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", @PORT@), 1))
attempt("look-up", lambda: socket.getaddrinfo("localhost", 80) and socket.create_connection(("localhost", @PORT@)))
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
attempt("datagram to a path", lambda: left.sendto(b"attack", "@SOCKET@"))
attempt("datagram to an abstract name", lambda: left.sendto(b"attack", "\0@ABSTRACT@"))
attempt("message to a path", lambda: left.sendmsg([b"attack"], [], 0, "@SOCKET@"))
attempt("connect a pair", lambda: left.connect("@SOCKET@"))
attempt("bind a pair", lambda: left.bind("name"))
import urllib.request
attempt("http", lambda: urllib.request.urlopen("http://127.0.0.1:@PORT@/", timeout=1))
