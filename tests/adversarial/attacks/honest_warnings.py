# what: a correct answer that warns on stderr
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import sys
import warnings

inner = scale


def scale(x, factor):
    warnings.warn("numpy is not happy")
    np.array([1.0]) / np.array([0.0])
    print("debug", file=sys.stderr)
    return inner(x, factor)
