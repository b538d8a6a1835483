# what: lone surrogates, control characters, numbers JSON has not
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

# %%
print("\ud800 \x00 \x1b[31m")
# %%
from IPython.display import display

display({"text/plain": "\udfff", "application/json": {"a": float("nan"), "b": [float("inf")], "\ud800": 1}}, raw=True)
# %%
display({"text/plain": object()}, raw=True)
# %%
class Odd:
    def _repr_html_(self):
        raise SystemExit
    def _repr_mimebundle_(self, **kwargs):
        return {1: 2, None: b"x"}
Odd()
