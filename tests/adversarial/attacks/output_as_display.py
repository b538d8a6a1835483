# what: 100 MB as display data, in metadata and as an error
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

# %%
from IPython.display import HTML, display

display(HTML("x" * (100 << 20)))
# %%
display({"text/plain": "x"}, raw=True, metadata={"text/plain": {"key": "y" * (100 << 20)}})
# %%
raise ValueError("z" * (100 << 20))
# %%
class Loud:
    def __repr__(self):
        return "w" * (100 << 20)
Loud()
