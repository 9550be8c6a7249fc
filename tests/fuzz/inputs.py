"""Inputs for fuzzing: from a seed to ordinary, degenerate and hostile arguments.

A `Draw` gives all arguments of one call. What it draws is a function of its seed alone, so that any
call can be made again by its number.
"""

import math
import random

import numpy as np
import pandas
import scipy.sparse
import torch

from tests.near_degenerate import FAMILIES, cloud

__all__ = ["Draw"]

# Numbers that parameters are not expected to be; those beyond memory are far beyond it.
ODD = (
    None,
    -1,
    0,
    1,
    2,
    -7,
    2**31 - 1,
    2**31,
    2**62,
    2**63,
    -(2**63),
    10**30,
    0.5,
    -0.5,
    1e-300,
    1e300,
    math.nan,
    math.inf,
    -math.inf,
    True,
    False,
    "",
    "x",
    b"x",
    1j,
    (),
    [],
    {},
    (1,),
    (1, 1),
    (0, 0),
    [0, 1, 2],
    object(),
    int,
    np.int64(1),
    np.uint8(1),
    np.int8(-1),
    np.float32(1.5),
    np.bool_(True),
    np.array(1),
    np.array([1, 2]),
    np.nan,
    {"a": 1},
    (None,),
    ("x", "y"),
    [[1]],
    range(2),
    lambda *_: 0,
)
# The same without numbers of steps that would take for ever, as the caller asked for.
ODD_FEW = tuple(odd for odd in ODD if not (isinstance(odd, int) and odd > 2))

FLOATS = ("f2", "f4", "f8", ">f4", ">f8", "g")
INTEGERS = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4", "?")


class Draw:
    """Random arguments of one call.

    Parameters
    ----------
    seed : str

    Attributes
    ----------
    plain : bool
        Whether nothing hostile has been drawn so far: no NaN, no infinity, no wrong kind. Where it
        is true a call that returns must return numbers.
    """

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.plain = True
        self._numpy = None

    @property
    def rng(self):
        """The numpy generator of this call, made when it is first needed."""
        if self._numpy is None:
            self._numpy = np.random.default_rng(self.random.getrandbits(64))
        return self._numpy

    def chance(self, p):
        """Return True with probability p."""
        return self.random.random() < p

    def pick(self, *values):
        """Return one of the values."""
        return self.random.choice(values)

    def integer(self, low, high):
        """Return an integer from low to high, both included."""
        return self.random.randint(low, high)

    def param(self, *ordinary, odd=ODD, p=0.06):
        """Return one of the ordinary values of a parameter, or rarely anything."""
        if self.chance(p):
            self.plain = False
            return self.random.choice(odd)
        return self.random.choice(ordinary)

    def steps(self, *ordinary, p=0.06):
        """Return a parameter that counts steps: never a huge one."""
        return self.param(*ordinary, odd=ODD_FEW, p=p)

    def n_jobs(self):
        """Return a number of threads."""
        return self.param(None, None, None, None, 1, 1, 2, -1, p=0.03)

    def some(self, **parameters):
        """Return a part of the parameters, which are functions without arguments."""
        return {name: make() for name, make in parameters.items() if self.chance(0.3)}

    # Numbers ------------------------------------------------------------------------------------

    def scale(self):
        """Return a power of ten, mostly 1."""
        if self.chance(0.85):
            return 1.0
        return 10.0 ** self.pick(-150, -140, -75, -30, -8, 8, 30, 75, 140, 150)

    def size(self, most=9):
        """Return a length, rarely 0."""
        return 0 if self.chance(0.02) else self.integer(1, most)

    def numbers(self, *shape):
        """Return a float64 array of one of many kinds."""
        n = math.prod(shape)
        kind = self.integer(0, 9)
        if kind <= 2:
            values = self.rng.normal(size=n)
        elif kind <= 4:
            values = self.rng.integers(-3, 4, n).astype(float)  # ties
        elif kind == 5:
            values = np.full(n, self.pick(0.0, -0.0, 1.0, -2.5))
        elif kind == 6:
            values = np.repeat(self.rng.normal(size=1), n)
            moved = self.rng.random(n) < 0.5
            values[moved] = np.nextafter(values[moved], np.inf)  # by one unit in the last place
        elif kind == 7:
            values = np.linspace(-1, 1, n) * self.pick(1, -1)
        elif kind == 8:
            values = self.rng.random(n).round(1)
        else:
            values = self.rng.normal(size=n) * 10.0 ** self.rng.integers(-12, 12, n)
        return (values * self.scale()).reshape(shape)

    def poison(self, values):
        """Return values with a NaN or an infinity, if not empty."""
        if values.size:
            self.plain = False
            values = values.copy()
            values.flat[self.integer(0, values.size - 1)] = self.pick(np.nan, np.inf, -np.inf)
        return values

    def array(self, *shape, p_poison=0.03):
        """Return numbers, rarely with some that are not finite."""
        values = self.numbers(*shape)
        return self.poison(values) if self.chance(p_poison) else values

    # Kinds of containers ------------------------------------------------------------------------

    def dress(self, values, p=0.4):
        """Return an array in one of the many forms in which people have numbers."""
        if not self.chance(p):
            return values
        if self.chance(0.15):
            self.plain = False
            return self._hostile(values)
        return self._ordinary(values)

    def _ordinary(self, values):
        kind = self.integer(0, 11)
        if kind == 0:
            return self._cast(values, self.pick(*FLOATS))
        if kind == 1:
            return self._cast(values, self.pick(*INTEGERS))
        if kind == 2:
            return np.asfortranarray(values)
        if kind == 3:
            return strided(values)
        if kind == 4 and values.ndim:
            return values[::-1].copy()[::-1]
        if kind == 5:
            values = values.copy()
            values.flags.writeable = False
            return values
        if kind == 6:
            return values.tolist()
        if kind == 7:
            return tuple(map(tuple, values.tolist())) if values.ndim == 2 else values.tolist()
        if kind == 8:
            return self.torch(values)
        if kind == 9:
            return torch.from_numpy(values.copy()).requires_grad_()
        if kind == 10 and values.ndim <= 2:
            make = pandas.DataFrame if values.ndim == 2 else pandas.Series
            return make(values) if values.ndim else values
        return list(values) if values.ndim else float(values)

    def _cast(self, values, dtype):
        kind = np.dtype(dtype).kind
        low, high = (0, 200) if kind == "u" else (-100, 100) if kind == "i" else (-6e4, 6e4)
        if kind in "iu" or np.dtype(dtype).itemsize == 2:
            values = np.clip(np.nan_to_num(values, posinf=high, neginf=low), low, high)
        with np.errstate(all="ignore"):
            out = values.astype(dtype)
        if kind == "f" and not np.isfinite(out).all():
            self.plain = False
        return out

    def torch(self, values):
        """Return a tensor of one of the dtypes and memory orders."""
        tensor = torch.from_numpy(np.array(values))
        kind = self.integer(0, 6)
        if kind <= 2:
            return tensor
        if kind == 3:
            return tensor.to(self.pick(torch.float32, torch.float16, torch.bfloat16)).nan_to_num()
        if kind == 4:
            whole = tensor.nan_to_num().clamp(-100, 100)
            return whole.to(
                self.pick(torch.int64, torch.uint8, torch.int8, torch.bool, torch.int32)
            )
        if kind == 5:
            return tensor.T.contiguous().T if tensor.ndim == 2 else tensor
        return torch.stack([tensor, tensor], -1)[..., 0]

    def _hostile(self, values):
        makers = [
            lambda: np.ma.masked_array(values, mask=self.rng.random(values.shape) < 0.3),
            lambda: scipy.sparse.csr_array(np.atleast_2d(values)) if values.ndim <= 2 else None,
            lambda: scipy.sparse.coo_matrix(np.atleast_2d(values)) if values.ndim <= 2 else None,
            lambda: torch.empty(values.shape, device="meta"),
            lambda: torch.from_numpy(values.copy()).to_sparse(),
            lambda: torch.from_numpy(values + 0j),
            lambda: torch.from_numpy(values + 1j).conj().imag,  # negative bit
            lambda: torch.nn.Parameter(torch.from_numpy(values.copy())),
            lambda: torch.quantize_per_tensor(torch.ones(values.shape), 0.1, 0, torch.quint8),
            lambda: values + 1j,
            lambda: values.astype(object),
            lambda: values.astype(str),
            lambda: values.astype("M8[s]"),
            lambda: values.astype("m8[s]"),
            lambda: np.zeros(values.shape, [("a", "f8"), ("b", "i4")]),
            lambda: ragged(values),
            lambda: values[..., np.newaxis],
            lambda: values[0] if values.ndim and len(values) else values,
            lambda: values[:0] if values.ndim else values,
            lambda: values.reshape(-1),
            lambda: iter(values.reshape(-1).tolist()),
            lambda: {0: values},
            lambda: np.matrix(np.atleast_2d(values)) if values.ndim <= 2 else None,
            lambda: memoryview(np.ascontiguousarray(values)),
            lambda: pandas.array(values.reshape(-1)),
            lambda: pandas.DataFrame({"a": ["x", "y"], "b": [1, 2]}),
            lambda: self.poison(values),
            self.wrong,
        ]
        with np.errstate(all="ignore"):
            return self.random.choice(makers)()

    def wrong(self):
        """Return anything."""
        self.plain = False
        return self.random.choice(ODD)

    # What functions of this package take --------------------------------------------------------

    def grid(self, ndim, batch=None):
        """Return values on a grid of ndim axes, maybe with batch axes before."""
        n_batch = self.pick(0, 0, 1, 1, 2) if batch is None else batch
        most = {1: 30, 2: 8, 3: 4}.get(ndim, 3)
        shape = [self.size(3) for _ in range(n_batch)] + [self.size(most) for _ in range(ndim)]
        return self.array(*shape)

    def cloud(self, d=None):
        """Return a cloud of points."""
        d = self.pick(1, 2, 2, 2, 3, 3, 4) if d is None else d
        kind = self.integer(0, 9)
        if kind <= 2 and d >= 2:
            points = cloud(self.pick(*FAMILIES), d, self.rng)[:24] * self.scale()
        elif kind == 3:
            points = np.tile(self.numbers(1, d), (self.integer(1, 6), 1))
        else:
            points = self.numbers(self.size(14), d)
        return self.poison(points) if self.chance(0.03) else points

    def clouds(self):
        """Return one cloud, an array of clouds, or a list of clouds of any sizes."""
        kind = self.integer(0, 5)
        if kind <= 2:
            return self.dress(self.cloud())
        d = self.integer(1, 3)
        if kind <= 4:
            return [self.dress(self.cloud(d), 0.2) for _ in range(self.size(3))]
        return self.dress(self.array(self.size(3), self.size(8), d))

    def distances(self, n=None):
        """Return a distance matrix, maybe asymmetric or negative a little or much."""
        n = self.size(9) if n is None else n
        kind = self.integer(0, 5)
        points = self.numbers(n, 3)
        with np.errstate(all="ignore"):
            matrix = np.sqrt(((points[:, None] - points) ** 2).sum(-1))
        if kind == 1:
            matrix = matrix * (1 + 1e-16 * self.rng.normal(size=matrix.shape))
        if kind == 2:
            matrix = abs(self.array(n, n))
            matrix = matrix + matrix.T
            np.fill_diagonal(matrix, 0)
        if kind == 3:
            self.plain = False
            matrix = self.array(n, n)
        if kind == 4:
            self.plain = False
            matrix[matrix > np.median(matrix) if n else matrix > 0] = np.inf
        if kind == 5:
            matrix = np.round(matrix, 1)
        return matrix

    def points(self):
        """Return an (n, 2) diagram, sublevel or superlevel, maybe with essential classes."""
        kind = self.integer(0, 7)
        n = 0 if self.chance(0.1) else self.integer(1, 8)
        values = self.numbers(n, 2)
        if kind <= 4:
            values = np.sort(values, axis=1)
        if kind == 3:
            values[:, 0] = values[:, 1]
        if kind == 4 and n:
            values[self.integer(0, n - 1), 1] = np.inf
        if kind == 5:
            values = -np.sort(-values, axis=1)
        if kind == 6 and n:
            self.plain = False
            row = self.pick((np.inf, -np.inf), (-np.inf, -np.inf), (np.inf, np.inf), (-np.inf, 0))
            values[0] = row
        if kind == 7 and self.chance(0.3):
            values = self.poison(values)
        return values

    def diagram(self):
        """Return a diagram as people have it: an array of points, or more rarely a Diagram."""
        from skltopo.filtrations import LevelSet

        if self.chance(0.2):
            values = self.numbers(self.integer(1, 5), self.integer(1, 5))
            if self.chance(0.3):
                values = torch.from_numpy(values).requires_grad_()
            return LevelSet(2, superlevel=self.chance(0.5))(values)
        return self.dress(self.points(), 0.3)

    def diagrams(self):
        """Return several diagrams: a list, a batch, or an array."""
        from skltopo.filtrations import LevelSet

        kind = self.integer(0, 9)
        if kind == 0:
            return LevelSet(2)(self.numbers(self.integer(1, 3), 4, 4))
        if kind == 1:
            return self.dress(self.numbers(self.size(3), self.size(4), 2))
        if kind == 2:
            return [[self.points(), self.points()] for _ in range(self.size(3))]
        if kind == 3:
            return [self.diagram() for _ in range(self.size(4))]
        if kind == 4:
            return self.dress(self.points())
        return [self.dress(self.points(), 0.1) for _ in range(self.size(4))]

    def dims(self, most=2):
        """Return homology_dimensions."""
        all_dims = tuple(range(most + 1))
        return self.param(
            None, 0, most, (0,), all_dims, all_dims[::-1], (most,), [0], (), (0, 0), 7
        )


def strided(values):
    """Return a view with the same numbers and gaps in memory along every axis."""
    if not values.ndim:
        return values
    wide = np.full([2 * n for n in values.shape], 77.0)
    view = wide[tuple(slice(None, None, 2) for _ in values.shape)]
    view[...] = values
    return view


def ragged(values):
    """Return lists of different lengths."""
    rows = values.reshape(-1).tolist()
    return [rows[: i + 1] for i in range(min(3, len(rows)))]
