# what: 6 GB at once and in pieces
# score: 10
# integrity: any
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

# %%
x = np.ones(6 << 27)
print("ESCAPED: 6 GB")
# %%
pieces = []
while True:
    pieces.append(bytearray(64 << 20))
# %%
pieces = None
