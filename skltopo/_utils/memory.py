"""Query free memory, so that what would not fit is refused before memory is allocated."""

import os

__all__ = ["available_memory"]


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
