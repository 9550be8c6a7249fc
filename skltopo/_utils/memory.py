"""Query free memory, so that what would not fit is refused before memory is allocated."""

import os

__all__ = ["available_memory", "check_memory"]

# Bytes for which free memory is not queried, which takes as long as to fill them.
LITTLE = 1 << 20


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


def check_memory(needed, what):
    """Raise MemoryError before memory is taken for something that needs more bytes than are free.

    Parameters
    ----------
    needed : int
        Bytes.
    what : str
        Subject of the sentence.
    """
    if needed > LITTLE and needed > (free := available_memory()):
        raise MemoryError(
            f"{what} would take {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free"
        )
