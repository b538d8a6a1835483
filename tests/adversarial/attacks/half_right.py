# what: one of the two functions is right
# score: 6.25
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum() + (len(x) != 3)
