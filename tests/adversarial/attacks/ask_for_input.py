# what: input and getpass
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

# %%
input("name?")
# %%
import getpass

getpass.getpass()
# %%
import sys

sys.stdin.read()
