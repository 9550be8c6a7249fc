"""Query free memory, so that what would not fit is refused before memory is allocated."""

import os

__all__ = ["available_memory", "check_memory"]

# Bytes up to which nobody asks the system: that takes longer than a small call.
FEW_BYTES = 1 << 28


def available_memory():
    """Return the bytes that can be taken without swapping; 2**62 where the system does not say."""
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 2**62


def check_memory(n_bytes, what, way_out=None):
    """Raise MemoryError, before memory is taken, if n_bytes are more than are free.

    Parameters
    ----------
    n_bytes : int
    what : str
        What takes them, the subject of the sentence.
    way_out : str, default=None
        What takes less.
    """
    n_bytes = int(n_bytes)
    if n_bytes > FEW_BYTES and n_bytes > (free := available_memory()):
        sentence = f"{what} would take {n_bytes / 2**30:,.1f} GiB, and {free / 2**30:,.1f} are free"
        raise MemoryError(sentence if way_out is None else f"{sentence}; {way_out}")
