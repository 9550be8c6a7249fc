"""How every benchmark times: ours and the peers' calls in turn, the best of several."""

import time

import numpy as np


def best_times(calls, repeats=7, seconds=2.0, at_least=2):
    """Return the best time of each call in ms; they take turns, to meet the same noise.

    At least at_least rounds; then until there were `repeats` or `seconds` are over.
    """
    best = [np.inf] * len(calls)
    start, rounds = time.perf_counter(), 0
    while rounds < at_least or (rounds < repeats and time.perf_counter() - start < seconds):
        for i, call in enumerate(calls):
            begin = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - begin)
        rounds += 1
    return [1e3 * t for t in best]
