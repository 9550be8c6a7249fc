"""Tasks for a Dask cluster, where joblib's context names one: ``parallel_config("dask")``.

What a task needs travels inside it, not as data that a worker holds for others: where a worker
dies, its tasks go to another one, and nothing is lost.
"""

from contextlib import contextmanager

from joblib import Parallel, delayed
from joblib.parallel import get_active_backend

from .parallel import is_beside_cluster

__all__ = ["is_for_cluster", "send"]

# Sending a task and its result takes some ten milliseconds, in which a thread sweeps about so many
# values of an image: less work than that stays in this process.
LEAST_WORK = 1 << 18


def is_for_cluster(n_jobs, work):
    """Tell whether a call is to be cut into tasks for a Dask cluster.

    Parameters
    ----------
    n_jobs : int or None
        1 stays in this thread. Any other value is the whole cluster, as for joblib's own calls.
    work : float
        How much there is to do, in values of an image that are swept.
    """
    return n_jobs != 1 and work >= LEAST_WORK and is_beside_cluster()


def send(tasks, bar=None):
    """Call tasks on the cluster, and yield their results in order, as they come.

    Parameters
    ----------
    tasks : iterable of callables without arguments, or of (callable, n)
        A few are sent ahead of those whose results have come, so that an iterator need not make
        all of them at once. n is what the bar moves by.
    bar : progress bar, default=None

    Yields
    ------
    object
        What a task returned.

    Raises
    ------
    RuntimeError
        If the client of the cluster was closed.
    """
    _check_client()
    sizes = []

    def calls():
        for task in tasks:
            task, n = task if isinstance(task, tuple) else (task, 1)
            sizes.append(n)
            # A callable without arguments: joblib would leave large arguments with one worker.
            yield delayed(task)()

    with _without_size_warning():
        for i, result in enumerate(Parallel(return_as="generator")(calls())):
            if bar is not None:
                bar.update(sizes[i])
            yield result


def _check_client():
    client = get_active_backend()[0].client
    if client.status in ("closing", "closed"):
        raise RuntimeError(
            'the Dask client of joblib.parallel_config("dask") is closed; leave this context, or '
            "begin another one with a client that is open"
        )


@contextmanager
def _without_size_warning():
    """Let tasks be as large as they are: Dask warns of those of more than 10 MB."""
    import dask

    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        yield
