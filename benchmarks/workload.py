"""What a workload is, and the families of them."""

import importlib
import math
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field

from . import workloads
from .agree import same_diagrams

OURS = "skltopo"
TWO_THREADS = "skltopo, 2 threads"


@dataclass(frozen=True)
class Workload:
    """The same work in several packages, from small to large.

    Attributes
    ----------
    name : str
        Unique among all families.
    sizes : tuple of int
        Numbers of what `unit` names, in increasing order.
    make_input : callable
        (size, rng) to the input; each process makes it anew from the same random numbers.
    contestants : dict of str to callable
        Input to (call, result): `call()` is timed; `result` turns what it returns into what
        `agree` compares. Packages are imported, and data are put into their form, before `call`.
        A name that ends in "2 threads" has two threads, any other one.
    unit : str
    label : str
        How tables name a row: a format of size, and of side and edge, its square and cubic root.
    limits : dict of str to int
        The largest size of a contestant that would take too long.
    agree : callable
        (ours, theirs, tolerance) to a sentence that says how they differ, or "".
    tolerance : float
        Relative error that results may have.
    readme : tuple of int
        Sizes that the table of the README shows.
    """

    name: str
    sizes: tuple
    make_input: Callable
    contestants: dict
    unit: str = "points"
    label: str = "{name}, {size:,} {unit}"
    limits: dict = field(default_factory=dict)
    agree: Callable = same_diagrams
    tolerance: float = 1e-12
    readme: tuple = ()

    def label_of(self, size):
        """Return how a table names a size."""
        roots = {"side": math.isqrt(size), "edge": round(size ** (1 / 3))}
        return self.label.format(name=self.name, size=size, unit=self.unit, **roots)

    def names_at(self, size):
        """Return the names of those who take part in a size."""
        return [name for name in self.contestants if size <= self.limits.get(name, size)]


def load_families():
    """Return {name: module} of all families, in the order of their ORDER."""
    names = [module.name for module in pkgutil.iter_modules(workloads.__path__)]
    modules = {name: importlib.import_module(f"{workloads.__name__}.{name}") for name in names}
    return dict(sorted(modules.items(), key=lambda item: item[1].ORDER))


def choose(names):
    """Return {family: [workloads]} of families and workloads whose names contain one of these."""
    chosen = {}
    for family, module in load_families().items():
        found = [
            one
            for one in module.WORKLOADS
            if not names or any(name == family or name in one.name for name in names)
        ]
        if found:
            chosen[family] = found
    return chosen
