# what: objects that act when they are collected
# score: 0
# integrity: ok
def scale(x, factor):
    return x


def total(x):
    return 0.0

import gc


class Late:
    def __del__(self):
        while True:
            pass


gc.callbacks.append(lambda phase, info: None)
# %%
late = Late()
del late
