# what: recursion until the C stack ends
# score: 0
# integrity: any
import sys

sys.setrecursionlimit(10**9)


def scale(x, factor):
    return scale(x, factor)


scale(0, 0)
