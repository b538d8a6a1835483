# what: exceptions whose text raises, never ends, or is no text
# score: 0
# integrity: ok
class Raising(Exception):
    def __str__(self):
        raise ValueError("no text")


class Endless(Exception):
    def __str__(self):
        while True:
            pass


class NoText(Exception):
    def __str__(self):
        return 5


raise Raising
# %%
raise NoText
# %%
raise Endless
# %%
def scale(x, factor):
    raise Raising


def total(x):
    raise NoText
