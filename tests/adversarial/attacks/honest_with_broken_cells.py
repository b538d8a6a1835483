# what: errors, an endless loop and much output elsewhere cost nothing in the tests
# score: 10
# integrity: ok
1 / 0
# %%
while True:
    pass
# %%
print("x" * 10**7)
# %%
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()
