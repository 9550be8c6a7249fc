import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config, register_parallel_backend
from joblib._parallel_backends import ThreadingBackend

from skltopo._utils import parallel
from skltopo._utils.parallel import run
from skltopo._utils.signals import check_signals
from skltopo.filtrations import LevelSet, SimplicialComplex, VietorisRips, WeakAlpha


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_results_come_in_order(n_jobs):
    assert run([lambda i=i: i * i for i in range(20)], n_jobs) == [i * i for i in range(20)]
    assert run([], n_jobs) == []


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_errors_reach_the_caller_and_stop_the_rest(n_jobs):
    done = []

    def fail():
        raise RuntimeError("a task failed")

    with pytest.raises(RuntimeError, match="a task failed"):
        run([fail, *([lambda: done.append(1)] * 1000)], n_jobs)
    if n_jobs == 1:
        assert not done
    assert run([lambda: 7] * 3, n_jobs) == [7, 7, 7]  # the threads are still there


def test_kernels_run_in_several_threads_of_the_user(rng):
    images = rng.random((8, 64, 64))
    expected = [LevelSet(2)(image)[1] for image in images]
    found = [None] * len(images)

    def work(i):
        found[i] = LevelSet(2, n_jobs=2)(images[i])[1]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_error_is_that_of_the_first_task_that_fails():
    def fail(i):
        raise ValueError(f"task {i}")

    for _ in range(50):
        with pytest.raises(ValueError, match="task 3"):
            run([lambda i=i: fail(i) if i >= 3 else i for i in range(40)], 4)


def test_a_call_does_not_wait_for_another_one():
    started, release = threading.Barrier(3), threading.Event()

    def hold():
        started.wait()
        release.wait()

    # Two tasks that last, for the calling thread and the only helper that these two threads have.
    large = threading.Thread(target=run, args=([hold, hold], 2))
    large.start()
    try:
        started.wait()
        for _ in range(20):
            assert run([lambda i=i: i for i in range(6)], 2) == list(range(6))
    finally:
        release.set()
        large.join()


def test_calls_inside_calls():
    def inner(i):
        return sum(run([lambda j=j: i * j for j in range(5)], 3))

    expected = [sum(i * j for j in range(5)) for i in range(30)]
    assert run([lambda i=i: inner(i) for i in range(30)], 3) == expected


def test_helpers_stop_when_the_calling_thread_is_interrupted():
    started, stopped = threading.Event(), threading.Event()

    def last_forever():
        started.set()
        try:
            while True:
                check_signals()
        finally:
            stopped.set()

    def interrupt():
        started.wait()
        raise KeyboardInterrupt

    main = threading.current_thread()

    def task():
        interrupt() if threading.current_thread() is main else last_forever()

    with pytest.raises(KeyboardInterrupt):
        run([task] * 5, 2)
    assert stopped.is_set()
    check_signals()
    assert run([lambda: check_signals() or 1] * 4, 2) == [1] * 4  # the next call is not stopped


def test_the_helpers_of_a_helper_stop():
    started, stopped = threading.Event(), []

    def last_forever():
        started.set()
        try:
            while True:
                check_signals()
        finally:
            stopped.append(1)

    main = threading.current_thread()

    def task():
        if threading.current_thread() is main:
            started.wait()
            raise KeyboardInterrupt
        run([last_forever, last_forever], 2)

    with pytest.raises(KeyboardInterrupt):
        run([task, task], 2)
    assert stopped


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_has_threads_of_its_own():
    code = (
        "import os, warnings; warnings.simplefilter('ignore')\n"
        "from skltopo._utils.parallel import run\n"
        "assert run([lambda: 1] * 4, 2) == [1] * 4\n"
        "child = os.fork()\n"
        "assert run([lambda: 2] * 4, 2) == [2] * 4\n"
        "if child == 0: os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("filtration", ["WeakAlpha(max_dim=1", "Alpha(max_dim=1"])
def test_threads_share_a_filtration_that_remembers(filtration):
    code = f"""
from concurrent.futures import ThreadPoolExecutor
import copy, pickle
import numpy as np
from skltopo.filtrations import Alpha, WeakAlpha
kept = {filtration}, warm_start=True)
clouds = np.random.default_rng(1).random((20, 150, 2))
clouds[1:] = clouds[:1]
clouds[:, 0] += 1e-3 * np.arange(20)[:, None]
right = [{filtration})(cloud) for cloud in clouds]
with ThreadPoolExecutor(4) as pool:
    for i, diagram in zip([i % 20 for i in range(600)],
                          pool.map(lambda i: kept(clouds[i % 20]), range(600))):
        assert diagram == right[i]
    others = [copy.deepcopy(kept), pickle.loads(pickle.dumps(kept)), copy.copy(kept)]
    for other in others:
        assert list(pool.map(other, clouds)) == right
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


CALLS = {
    "image": (LevelSet(2), (1200, 1200)),
    "superlevel": (LevelSet(2, superlevel=True, complex="cubical_cells"), (1200, 1200)),
    "flat image": (LevelSet(2), (3, 400_000)),
    "line": (LevelSet(1), (6_000_000,)),
    "volume": (LevelSet(3), (60, 60, 60)),
    "cubical volume": (LevelSet(3, complex="cubical"), (60, 60, 60)),
    "weak alpha": (WeakAlpha(), (200_000, 2)),
    "weak alpha in space": (WeakAlpha(2), (20_000, 3)),
    "rips": (VietorisRips(0), (100_000, 3)),
    "threads": (LevelSet(2, n_jobs=2), (1200, 1200)),
    "long line": (LevelSet(1, n_jobs=2), (6_000_000,)),
}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers")
@pytest.mark.parametrize("name", CALLS)
def test_signals_are_heard_inside_calls(name, rng):
    # A handler runs where a kernel looks for signals, or once after it.
    heard = []
    filtration, shape = CALLS[name]
    values = rng.random(shape)
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        filtration._find(filtration._check(values), filtration.n_jobs or 1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(heard) >= 4


def test_a_complex_hears_signals_while_it_is_built():
    heard = []
    i = np.arange(300_000)
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        SimplicialComplex(np.column_stack([i, i + 1, i + 2]))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(heard) >= 4


@pytest.mark.parametrize(("dim", "n"), [(1, 350), (2, 110)])
def test_edges_that_destroy_many_classes_hear_signals(dim, n, rng):
    """Random numbers are no distances: thousands of classes live at once, and edges take long."""
    heard = []
    matrix = rng.random((n, n))
    matrix = matrix + matrix.T
    np.fill_diagonal(matrix, 0)
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        VietorisRips(dim, metric="precomputed")(matrix)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(heard) >= 20


# Threads are no more than the cores


class ManySlots(ThreadingBackend):
    """A backend like that of a cluster that nobody knows here."""

    def effective_n_jobs(self, n_jobs):
        return 1000


def most_at_work(n_calls, n_jobs):
    """Return how many threads at most worked at a time in calls that threads of a user make."""
    lock, at_work, most = threading.Lock(), set(), []

    def task():
        with lock:
            at_work.add(threading.get_ident())
            most.append(len(at_work))
        time.sleep(0.002)
        with lock:
            at_work.discard(threading.get_ident())

    callers = [threading.Thread(target=run, args=([task] * 40, n_jobs)) for _ in range(n_calls)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return max(most)


@pytest.mark.parametrize("n_cores", [1, 2, 4])
def test_calls_at_a_time_share_the_cores(n_cores, monkeypatch):
    monkeypatch.setattr(parallel, "_n_cores", lambda: n_cores)
    assert most_at_work(1, n_cores) <= n_cores
    # A caller that comes has its thread at once, and a helper leaves it after the task that it has.
    assert most_at_work(3, n_cores) <= max(n_cores, 3) + n_cores - 1
    assert parallel._n_working == 0


def test_a_call_beside_as_many_callers_as_cores_has_no_helper(monkeypatch):
    monkeypatch.setattr(parallel, "_n_cores", lambda: 2)
    inside, release, names = threading.Barrier(3), threading.Event(), set()

    def hold():
        inside.wait()
        release.wait()

    callers = [threading.Thread(target=run, args=([hold], 1)) for _ in range(2)]
    for caller in callers:
        caller.start()
    inside.wait()
    run([lambda: names.add(threading.current_thread().name) or time.sleep(0.001)] * 20, 2)
    release.set()
    for caller in callers:
        caller.join()
    assert names == {threading.main_thread().name}
    run([lambda: names.add(threading.current_thread().name) or time.sleep(0.001)] * 50, 2)
    assert len(names) == 2  # it comes back


def test_helpers_inside_of_helpers_are_counted(monkeypatch):
    monkeypatch.setattr(parallel, "_n_cores", lambda: 2)
    names = set()

    def inner():
        names.add(threading.get_ident())
        time.sleep(0.001)

    run([lambda: run([inner] * 10, 2)] * 6, 2)
    assert len(names) <= 2
    assert parallel._n_working == 0


def test_an_unknown_backend_names_no_more_threads_than_cores():
    register_parallel_backend("many slots", ManySlots)
    with parallel_config("many slots"):
        assert 1 <= parallel.effective_n_jobs(None) <= os.cpu_count()
        assert parallel.effective_n_jobs(-1) <= os.cpu_count()
        assert parallel.effective_n_jobs(1) == 1


def shares():
    return [parallel.effective_n_jobs(n_jobs) for n_jobs in (None, 1, 2, 64, -1)]


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_tasks_of_joblib_have_their_share(backend, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    share = 1 if backend == "multiprocessing" else max(1, parallel._n_cores() // 2)
    found = Parallel(n_jobs=2, backend=backend)(delayed(shares)() for _ in range(4))
    if backend == "threading":  # these share the cores of one process while they run
        assert all(max(some) <= parallel._n_cores() for some in found)
    else:
        assert all(some == [1, 1, min(2, share), share, share] for some in found)


def test_context_of_joblib_still_says_how_many():
    with parallel_config("threading", n_jobs=2):
        assert parallel.effective_n_jobs(None) == min(2, parallel._n_cores())
    assert parallel.effective_n_jobs(None) == 1
