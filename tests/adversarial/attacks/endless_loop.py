# what: a loop that catches everything
# score: 0
# integrity: incomplete
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

# %%
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
