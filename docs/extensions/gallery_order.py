"""The order of the gallery: figures of the paper by their number, other examples by their name."""

import re
from pathlib import Path


class ByNumber:
    """A key to sort the examples of a folder by; sphinx-gallery makes it of the folder."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, filename):
        """Return the first number in a file's name, and the name."""
        name = Path(filename).name
        number = re.search(r"\d+", name)
        return int(number[0]) if number else 0, name

    def __repr__(self):
        return "<ByNumber>"
