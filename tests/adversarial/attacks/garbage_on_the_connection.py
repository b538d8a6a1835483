# what: bytes that are no message, of enormous length
# score: 0
# integrity: tampered
def scale(x, factor):
    return x


def total(x):
    return 0.0

import os

os.write(3, b"\xff" * 64)
