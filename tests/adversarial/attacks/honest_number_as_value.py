# what: a correct answer whose cell ends in 0.0
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

np.float64(0.0)
# %%
np.float64(0.0)
