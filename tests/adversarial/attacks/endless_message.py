# what: a message that never ends
# score: 0
# integrity: any
def scale(x, factor):
    return x


def total(x):
    return 0.0

import os
import struct

os.write(3, struct.pack("!II", 10, 1 << 20))
while True:
    os.write(3, b"x" * 65536)
