# what: sys.exit, exit and quit in cells and in functions under test
# score: 0
# integrity: ok
import sys

sys.exit(0)
# %%
exit()
# %%
def scale(x, factor):
    sys.exit(0)


def total(x):
    raise KeyboardInterrupt
