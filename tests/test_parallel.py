import threading

import numpy as np
import pytest

from skltopo._utils.parallel import run
from skltopo.filtrations import LevelSet


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
