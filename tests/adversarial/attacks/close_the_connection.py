# what: every descriptor is closed
# score: 0
# integrity: incomplete
def scale(x, factor):
    return x


def total(x):
    return 0.0

import os

os.closerange(0, 256)
