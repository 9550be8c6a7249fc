"""Progress bars: those of tqdm where one is shown, and an object that does nothing otherwise."""

from tqdm import tqdm

__all__ = ["counted", "progress_bar"]


class _Silent:
    """A bar that is not shown.

    ``tqdm(disable=True)`` ends in a ``__del__`` of its own, and Python drops a Ctrl-C that comes in
    the midst of one: the call would go on.
    """

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
    return tqdm(total=total, unit=unit, desc=name) if shown else _SILENT


def counted(task, bar, n):
    """Return task(), and tell a progress bar that n more are done."""
    result = task()
    bar.update(n)
    return result
