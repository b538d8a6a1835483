# what: a 300 MB file, many files, deleted files still open
# score: 10
# integrity: any
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

# %%
with open("big", "wb") as file:
    for _ in range(300):
        file.write(b"x" * (1 << 20))
# %%
for number in range(40):
    with open(f"part{number}", "wb") as file:
        file.write(b"x" * (16 << 20))
print("ESCAPED: wrote 640 MB")
# %%
import os

held = []
for number in range(40):
    held.append(open("deleted", "wb", buffering=0))
    os.unlink("deleted")
    held[-1].write(b"x" * (16 << 20))
print("ESCAPED: held 640 MB")
