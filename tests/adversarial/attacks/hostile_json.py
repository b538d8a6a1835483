# what: deep nesting, huge numbers and wrong types where a report belongs
# score: 0
# integrity: tampered
def scale(x, factor):
    return x


def total(x):
    return 0.0

import os
import struct

body = b'{"end": ' + b"[" * 100000 + b"]" * 100000 + b"}"
os.write(3, struct.pack("!II", len(body), 0) + body)
