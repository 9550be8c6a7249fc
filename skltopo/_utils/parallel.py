"""A thread pool for kernels that release the GIL: started once for the process, and kept."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from threading import Lock

from joblib import cpu_count
from joblib import effective_n_jobs as wanted_n_jobs

from .signals import Stop, check_signals

__all__ = ["counted", "effective_n_jobs", "run"]

# Longest time for which a call waits for its helpers without looking for Ctrl-C.
SECONDS_BETWEEN_SIGNALS = 0.1

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


class _Call:
    """The tasks of one call of `run`, which its threads take one after the other."""

    def __init__(self, tasks):
        self.todo = deque(enumerate(tasks))
        self.results = [None] * len(tasks)
        self.errors = {}  # of tasks, by their place
        self.stop = Stop()

    def work(self):
        """Take tasks until none is left; after an error, none is."""
        while True:
            try:
                i, task = self.todo.popleft()
            except IndexError:
                return
            try:
                self.results[i] = task()
            except Exception as error:
                self.errors[i] = error
                self.todo.clear()

    def help(self):
        """Do so in a thread of the pool, until the calling thread is interrupted."""
        self.stop.run(self.work)

    def end(self, futures):
        """Wait for the helpers that have begun; the pool may be busy with another call."""
        for future in futures:
            if not future.cancel():
                while not future.done():
                    wait([future], SECONDS_BETWEEN_SIGNALS)
                    check_signals()
                future.result()

    def interrupt(self, futures):
        """Stop the helpers."""
        self.todo.clear()
        self.stop.set()
        wait([future for future in futures if not future.cancel()])


def effective_n_jobs(n_jobs):
    """Return how many threads n_jobs stands for: at most one for each core of this machine."""
    n_jobs = wanted_n_jobs(n_jobs)
    return n_jobs if n_jobs == 1 else min(n_jobs, _n_cores())


def counted(task, bar, n):
    """Return task(), and tell a progress bar of tqdm that n more are done."""
    result = task()
    bar.update(n)
    return result


def run(tasks, n_jobs):
    """Call every task, at most n_jobs at a time, and return their results in order.

    The calling thread takes tasks, too, so that it never waits for threads that are busy with
    another call. If tasks fail, the error of the first of them is raised. Ctrl-C stops all.

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
    call, futures = _Call(tasks), []
    pool = _get_pool(n_jobs - 1)
    try:
        for _ in range(n_jobs - 1):
            futures.append(pool.submit(call.help))
        call.work()
        call.end(futures)
    except BaseException:
        call.interrupt(futures)
        raise
    if call.errors:
        raise call.errors[min(call.errors)]
    # Helpers that were cancelled stay in the pool's queue for a while; they keep no results.
    results, call.results = call.results, None
    return results
