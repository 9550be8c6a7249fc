"""A thread pool for kernels that release the GIL: started once for the process, and kept."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock

from joblib import cpu_count
from joblib import effective_n_jobs as wanted_n_jobs

__all__ = ["effective_n_jobs", "run"]

_n_cores = cache(cpu_count)
_lock = Lock()
_pool = None
_pool_size = 0


def _get_pool(size):
    global _pool, _pool_size
    with _lock:
        if _pool_size < size:
            _pool = ThreadPoolExecutor(size, thread_name_prefix="skltopo")
            _pool_size = size
        return _pool


def _forget_pool():
    """Threads do not survive a fork: the child starts its own."""
    global _pool, _pool_size, _lock
    _pool, _pool_size, _lock = None, 0, Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def effective_n_jobs(n_jobs):
    """Return how many threads n_jobs stands for: at most one for each core of this machine."""
    n_jobs = wanted_n_jobs(n_jobs)
    return n_jobs if n_jobs == 1 else min(n_jobs, _n_cores())


def run(tasks, n_jobs):
    """Call every task, at most n_jobs at a time, and return their results in order.

    Parameters
    ----------
    tasks : sequence of callables without arguments
    n_jobs : int
        Number of threads; the calling thread is one of them.

    Returns
    -------
    list
    """
    tasks = list(tasks)
    n_jobs = min(n_jobs, len(tasks))
    if n_jobs <= 1:
        return [task() for task in tasks]
    results = [None] * len(tasks)
    todo = deque(enumerate(tasks))

    def work():
        while True:
            try:
                i, task = todo.popleft()
            except IndexError:
                return
            results[i] = task()

    pool = _get_pool(n_jobs - 1)
    futures = [pool.submit(work) for _ in range(n_jobs - 1)]
    try:
        work()
    finally:
        todo.clear()  # after an error or Ctrl-C the others stop at their next task
        for future in futures:
            future.result()
    return results
