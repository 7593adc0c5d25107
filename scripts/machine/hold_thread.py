"""Stops one thread of a process, as a debugger does, until this program or the process ends.

  hold_thread.py PID NAME      prints "held" once it stands still
"""

import ctypes
import os
import sys

SEIZE, INTERRUPT, ALL_THREADS = 0x4206, 0x4207, 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
process, name = int(sys.argv[1]), sys.argv[2]


def named(thread):
    with open(f"/proc/{process}/task/{thread}/comm") as file:
        return file.read().strip() == name


thread = next(int(thread) for thread in os.listdir(f"/proc/{process}/task") if named(thread))
for request in (SEIZE, INTERRUPT):
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
os.waitpid(thread, ALL_THREADS)
print("held", flush=True)
# A thread that is never let go has nothing more to tell but its end.
os.waitpid(thread, ALL_THREADS)
