# what: files outside the run's own folder
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import os
import shutil

for folder in ("@HOME@", "/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/usr/lib", "..", os.path.dirname(np.__file__)):
    attempt(f"write in {folder}", lambda: open(f"{folder}/attack-file", "w").write("x"))
    attempt(f"mkdir in {folder}", lambda: os.mkdir(f"{folder}/attack-folder"))
attempt("overwrite", lambda: open("@SECRET@", "w"))
attempt("append", lambda: open("@SECRET@", "a"))
attempt("truncate", lambda: os.truncate("@SECRET@", 0))
attempt("truncate while reading", lambda: os.open(np.__file__, os.O_RDONLY | os.O_TRUNC))
attempt("truncate without a mode", lambda: os.open(np.__file__, 3 | os.O_TRUNC))
attempt("unlink", lambda: os.unlink("@SECRET@"))
attempt("remove tree", lambda: shutil.rmtree("@HOME@"))
attempt("patch numpy on disk", lambda: open(np.__file__, "a"))
attempt("mknod", lambda: os.mknod("device", 0o600 | 0o020000, os.makedev(1, 1)))
attempt("fifo", lambda: os.mkfifo("@HOME@/fifo"))
