"""Ctrl-C: during long calls of libraries, which do not hear it, and while things are set back."""

from contextlib import contextmanager
from threading import Thread

from .signals import check_signals

__all__ = ["call_long", "set_back"]

# Products of numbers that take less than a second, for which no thread is worth it.
FEW_PRODUCTS = 1 << 31
SECONDS_BETWEEN_SIGNALS = 0.1


def call_long(function, n_products):
    """Return function(); if it is long, another thread calls it, and this one hears Ctrl-C.

    After Ctrl-C the call goes on by itself, and what it returns is dropped.

    Parameters
    ----------
    function : callable
        Without arguments; without the GIL for most of its time, as in BLAS and LAPACK.
    n_products : int
        About how many products of numbers it takes.
    """
    if n_products < FEW_PRODUCTS:
        return function()
    results, errors = [], []

    def work():
        try:
            results.append(function())
        except Exception as error:
            errors.append(error)

    thread = Thread(target=work, daemon=True)  # the interpreter does not wait for it when it ends
    thread.start()
    while thread.is_alive():
        thread.join(SECONDS_BETWEEN_SIGNALS)
        check_signals()
    if errors:
        raise errors[0]
    return results[0]


@contextmanager
def set_back(restore):
    """Call restore() at the end, and once more, so that Ctrl-C in the midst of it does no harm.

    Parameters
    ----------
    restore : callable
        Without arguments; a second call changes nothing.
    """
    try:
        yield
    finally:
        try:
            restore()
        finally:
            restore()
