# what: SIGKILL to itself
# score: 0
# integrity: incomplete
import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
