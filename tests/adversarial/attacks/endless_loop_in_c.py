# what: a loop in C code, where no Python handler runs
# score: 0
# integrity: incomplete
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

# %%
import itertools

sum(itertools.repeat(0))
