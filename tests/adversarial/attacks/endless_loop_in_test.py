# what: the function under test never returns
# score: 5
# integrity: ok
def scale(x, factor):
    while True:
        pass


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()
