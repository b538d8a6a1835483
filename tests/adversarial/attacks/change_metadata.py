# what: mode, owner, times and attributes of files that are not its own
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import os

for change in (
    lambda path: os.chmod(path, 0o777),
    lambda path: os.chown(path, 0, 0),
    lambda path: os.utime(path, (0, 0)),
    lambda path: os.setxattr(path, "user.attack", b"x"),
):
    for path in ("@SECRET@", "@HOME@", np.__file__):
        try:
            change(path)
        except OSError:
            pass
