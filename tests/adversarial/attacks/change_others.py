# what: limits, priorities and processors of other processes
# score: 10
# integrity: ok
def scale(x, factor):
    return x * factor


def total(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    return x.sum()

import os
import resource

for pid in (os.getppid(), @PID@):
    attempt(f"prlimit {pid}", lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)))
    attempt(f"affinity {pid}", lambda: os.sched_setaffinity(pid, {0}))
    attempt(f"scheduler {pid}", lambda: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)))
    attempt(f"priority {pid}", lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))
attempt("priority of the user", lambda: os.setpriority(os.PRIO_USER, 0, 19))
for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
    attempt(f"raise limit {kind}", lambda: resource.setrlimit(kind, (resource.RLIM_INFINITY,) * 2))
