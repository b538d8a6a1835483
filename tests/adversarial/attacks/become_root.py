# what: user ids and privileges
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import os

attempt("setuid", lambda: os.setuid(1))
attempt("setresuid", lambda: os.setresuid(1, 1, 1))
attempt("setgroups", lambda: os.setgroups([0]))
attempt("sethostname", lambda: __import__("socket").sethostname("attack"))
attempt("clock", lambda: __import__("time").clock_settime(0, 0))
