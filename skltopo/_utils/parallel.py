"""A thread pool for kernels that release the GIL: started once for the process, and kept.

However many calls run at a time, and whatever backend of joblib is active, no more threads work
than this process has cores: a call takes helpers only while there are cores for them, and they
leave it when another call needs theirs.
"""

import os
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from multiprocessing import parent_process
from threading import Lock, local
from typing import Any

from joblib import cpu_count
from joblib.parallel import get_active_backend

from .checks import check_n_jobs
from .signals import Stop, check_signals

__all__ = ["effective_n_jobs", "is_beside_cluster", "run", "worker_of_cluster"]

# Longest time for which a call waits for its helpers without looking for Ctrl-C.
SECONDS_BETWEEN_SIGNALS = 0.1

_n_cores = cache(cpu_count)
_lock = Lock()
_pool = None
_pool_size = 0
_n_working = 0  # threads that are in a call of run, and helpers that were sent for
_here = local()  # .counts: whether this thread is one of them


def _get_pool(size):
    global _pool, _pool_size
    if _pool_size < size:
        _pool = ThreadPoolExecutor(size, thread_name_prefix="skltopo")
        _pool_size = size
    return _pool


def _forget_pool():
    """Threads do not survive a fork: the child starts its own."""
    global _pool, _pool_size, _lock, _n_working, _here
    _pool, _pool_size, _lock, _n_working, _here = None, 0, Lock(), 0, local()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


# --------------------------------------------------------------------------------------------------
# How many threads
# --------------------------------------------------------------------------------------------------


def effective_n_jobs(n_jobs):
    """Return how many threads n_jobs stands for: at most the share of this process.

    That is, of the cores of this machine; in a worker of a Dask cluster, of the worker's threads;
    and in a task that joblib sent to another process, of the threads that it leaves to that one.
    None is one thread unless the context of joblib names more threads or processes of this machine.
    Those of a cluster are none of this machine: None is one thread beside it, and in its tasks.
    """
    if n_jobs == 1:
        return 1
    worker = worker_of_cluster()
    if worker is not None:
        return _count(n_jobs, min(_n_threads_of(worker), _n_cores()))
    backend, of_context = get_active_backend()
    if _is_dask(backend):
        return _count(n_jobs, _n_cores())
    wanted = backend.effective_n_jobs(n_jobs=of_context if n_jobs is None else n_jobs)
    return wanted if wanted == 1 else min(wanted, _share_of_task(backend))


def _count(n_jobs, most):
    """Return how many of `most` threads n_jobs names."""
    check_n_jobs(n_jobs)
    if n_jobs is None:
        return 1
    return min(n_jobs, most) if n_jobs > 0 else max(1, most + 1 + n_jobs)


def _share_of_task(backend):
    """Return how many threads there are for a task of joblib, or outside of tasks."""
    if not getattr(backend, "nesting_level", 0):
        return _n_cores()
    # What joblib, and others, tell a process of its share.
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if told.isdecimal():
        return min(max(int(told), 1), _n_cores())
    return _n_cores() if parent_process() is None else 1


def _is_dask(backend):
    """Tell whether this backend of joblib is a Dask cluster, without importing Dask."""
    module = sys.modules.get("joblib._dask")
    return module is not None and isinstance(backend, module.DaskDistributedBackend)


def is_beside_cluster():
    """Tell whether joblib's context names a Dask cluster, and this is none of the cluster's tasks.

    A task has one of the cluster's threads already.
    """
    return _is_dask(get_active_backend()[0]) and worker_of_cluster() is None


def worker_of_cluster():
    """Return the worker of a Dask cluster that runs this task; None outside of its tasks."""
    distributed = sys.modules.get("distributed")
    if distributed is None or not hasattr(distributed, "get_worker"):
        return None
    try:
        return distributed.get_worker()
    except ValueError:
        return None


def _n_threads_of(worker):
    return worker.state.nthreads


# --------------------------------------------------------------------------------------------------
# Calls
# --------------------------------------------------------------------------------------------------


class _Call:
    """The tasks of one call of `run`, which its threads take one after the other."""

    def __init__(self, tasks, n_jobs):
        self.todo = deque(enumerate(tasks))
        self.results: Any = [None] * len(tasks)
        self.errors = {}  # of tasks, by their place
        self.stop = Stop()
        self.futures = []
        self.most_helpers, self.n_helpers = n_jobs - 1, 0
        self.most_working = max(n_jobs, _n_cores())

    def take(self):
        """Call the next task, and return whether there was one; after an error, there is none."""
        try:
            i, task = self.todo.popleft()
        except IndexError:
            return False
        try:
            self.results[i] = task()
        except Exception as error:
            self.errors[i] = error
            self.todo.clear()
        return True

    def lead(self):
        """Take tasks until none is left, with the helpers for which there are cores."""
        self.recruit()
        while self.take():
            self.recruit()

    def recruit(self):
        """Send for helpers as long as tasks and cores are left."""
        global _n_working
        while self._wants_helper():
            with _lock:
                if not self._wants_helper():
                    return
                self.n_helpers += 1
                _n_working += 1
                self.futures.append(_get_pool(self.most_helpers).submit(self.help))

    def _wants_helper(self):
        return (
            len(self.todo) > 1
            and self.n_helpers < self.most_helpers
            and _n_working < self.most_working
        )

    def help(self):
        """Take tasks in a thread of the pool, until the calling thread is interrupted."""
        _here.counts = True
        try:
            self.stop.run(self._take_some)
        finally:
            _here.counts = False
            self.let_go()

    def _take_some(self):
        while _n_working <= self.most_working and self.take():
            pass

    def let_go(self):
        """Count a helper no more."""
        global _n_working
        with _lock:
            self.n_helpers -= 1
            _n_working -= 1

    def dismiss(self):
        """Cancel helpers that have not begun."""
        begun = [future for future in self.futures if not future.cancel()]
        for _ in range(len(self.futures) - len(begun)):
            self.let_go()
        self.futures = begun

    def end(self):
        """Wait for the helpers that have begun; the pool may be busy with another call."""
        self.dismiss()
        for future in self.futures:
            while not future.done():
                wait([future], SECONDS_BETWEEN_SIGNALS)
                check_signals()
            future.result()

    def interrupt(self):
        """Stop the helpers."""
        self.todo.clear()
        self.stop.set()
        self.dismiss()
        wait(self.futures)


def run(tasks, n_jobs):
    """Call every task, at most n_jobs at a time, and return their results in order.

    The calling thread takes tasks, too, so that it never waits for threads that are busy with
    another call. If tasks fail, the error of the first of them is raised. Ctrl-C stops all.

    Parameters
    ----------
    tasks : sequence of callables without arguments
    n_jobs : int
        Number of threads; the calling thread is one of them. Fewer work while other calls do.

    Returns
    -------
    list
    """
    global _n_working
    tasks = list(tasks)
    if getattr(_here, "counts", False):
        return _run(tasks, n_jobs)
    with _lock:
        _n_working += 1
    _here.counts = True
    try:
        return _run(tasks, n_jobs)
    finally:
        _here.counts = False
        with _lock:
            _n_working -= 1


def _run(tasks, n_jobs):
    """Do what run does, in a thread that is counted."""
    n_jobs = min(n_jobs, len(tasks))
    if n_jobs <= 1:
        return [task() for task in tasks]
    call = _Call(tasks, n_jobs)
    try:
        call.lead()
        call.end()
    except BaseException:
        call.interrupt()
        raise
    if call.errors:
        raise call.errors[min(call.errors)]
    # Helpers that were cancelled stay in the pool's queue for a while; they keep no results.
    results, call.results = call.results, None
    return results
