# what: descriptors sent over the connection
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import array
import socket

own = socket.socket(fileno=3)
attempt("send descriptors", lambda: own.sendmsg([b""], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))]))
own.detach()
