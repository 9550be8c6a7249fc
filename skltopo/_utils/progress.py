"""Progress bars: those of tqdm where one is shown, and an object that does nothing otherwise."""

import numpy as np
from tqdm import tqdm

from .checks import check_integer

__all__ = ["check_verbose", "counted", "progress_bar"]


class _Bar(tqdm):
    """A bar for a with statement, which closes it.

    Python drops a Ctrl-C that comes within a ``__del__`` that is written in Python, as that of tqdm
    is: the call would go on. This one is compiled, and does nothing.
    """

    __del__ = staticmethod(bool)


class _Silent:
    """A bar that is not shown: without the locks and the list of bars that tqdm has."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def update(self, n=1):
        """Do nothing."""

    def set_postfix(self, **values):
        """Do nothing."""


_SILENT = _Silent()


def progress_bar(total, shown, unit, name=None):
    """Return a progress bar, to be used in a with statement.

    Parameters
    ----------
    total : int
        What it counts up to.
    shown : bool or int
    unit : str
    name : str, default=None
        Stands before the bar.
    """
    return _Bar(total=total, unit=unit, desc=name) if shown else _SILENT


def check_verbose(verbose):
    """Return verbose, or raise ValueError if it is neither a flag nor an integer of at least 0."""
    is_flag = isinstance(verbose, (bool, np.bool_))
    return verbose if is_flag else check_integer("verbose", verbose, 0)


def counted(task, bar, n):
    """Return task(), and tell a progress bar that n more are done."""
    result = task()
    bar.update(n)
    return result
