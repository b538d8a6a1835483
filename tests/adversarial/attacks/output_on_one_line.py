# what: 100 MB on one line
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

# %%
print("x" * (100 << 20))
# %%
import sys

while True:
    try:
        sys.stdout.write("y" * 100000)
    except Exception:
        break
