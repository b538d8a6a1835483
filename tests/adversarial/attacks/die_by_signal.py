# what: a segmentation fault in the middle of a test
# score: 5
# integrity: incomplete
import ctypes


def scale(x, factor):
    return x * factor


def total(x):
    ctypes.string_at(0)
