"""Validate parameters of constructors: one sentence for each that is wrong."""

from math import prod
from numbers import Integral, Real
from types import FunctionType

import numpy as np

__all__ = [
    "check_dimensions",
    "check_flag",
    "check_integer",
    "check_n_jobs",
    "check_number",
    "check_powers",
    "check_shape",
    "is_integer",
    "is_like_image",
    "refuse_colours",
    "with_own_init",
]

# Axes of what is likely to be an image: the least pixels that they have, and how much longer one
# may be than the other.
LEAST_PIXELS = 8
MOST_OBLONG = 2


def is_integer(value):
    """Tell whether value is an integer; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))


def check_integer(name, value, least):
    """Return value as an int, or raise ValueError if it is no integer of at least `least`."""
    if not is_integer(value) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
    return int(value)


def check_number(name, value, least=-np.inf):
    """Return value as a float, or raise if it is no finite number of at least `least`."""
    if value is np.ma.masked:
        raise ValueError(f"{name} must be a number, got a masked entry")
    number = value.item() if getattr(value, "shape", None) == () else value
    if isinstance(number, (bool, np.bool_)) or not isinstance(number, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        number = float(number)
    except OverflowError:
        number = np.inf
    if not (np.isfinite(number) and number >= least):
        at_least = "" if least == -np.inf else f" of at least {least}"
        raise ValueError(f"{name} must be a finite number{at_least}, got {value!r}")
    return number


def check_powers(min_p, max_p, max_q):
    """Return powers of lengths and middles as int, or raise ValueError if they are none."""
    powers = (("min_p", min_p), ("max_p", max_p), ("max_q", max_q))
    min_p, max_p, max_q = (check_integer(name, value, 0) for name, value in powers)
    if min_p > max_p:
        raise ValueError(f"min_p must be at most max_p={max_p}, got {min_p}")
    if min_p >= 2**31:
        raise ValueError(f"min_p must be below 2**31, got {min_p}")
    return min_p, max_p, max_q


def check_shape(name, shape, n_axes):
    """Return shape as a tuple of int, or raise ValueError if it is not positive integers.

    n_axes : collection of int
        How many there may be.
    """
    wanted = tuple(shape) if hasattr(shape, "__iter__") else ()
    if len(wanted) not in n_axes or not all(is_integer(n) and n > 0 for n in wanted):
        counts = " or ".join(map(str, n_axes))
        raise ValueError(f"{name} must be {counts} positive integers, got {shape!r}")
    wanted = tuple(map(int, wanted))
    if prod(wanted) >= 2**63:
        raise ValueError(f"{name} must have fewer than 2**63 entries, got {shape!r}")
    return wanted


def check_flag(name, value):
    """Raise TypeError if value is not True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def check_n_jobs(n_jobs):
    """Raise TypeError or ValueError if n_jobs does not name a number of threads."""
    if n_jobs is None:
        return
    if not is_integer(n_jobs):
        raise TypeError(f"n_jobs must be an integer or None, got {n_jobs!r}")
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0: 1 is one thread, -1 all cores")


def is_like_image(height, width):
    """Tell whether a grid of this shape is likely to be an image."""
    short, long = sorted((height, width))
    return short >= LEAST_PIXELS and long <= MOST_OBLONG * short


def refuse_colours(shape, name, otherwise):
    """Raise ValueError if the last axis behind two axes of an image looks like its colours.

    Parameters
    ----------
    shape : tuple of int
    name : str
        What to call the images in the error.
    otherwise : str
        What to do if the last axis has no colours.
    """
    if len(shape) >= 3 and shape[-1] in (3, 4) and is_like_image(*shape[-3:-1]):
        raise ValueError(
            f"{name} must have one value a pixel, got shape {tuple(shape)}, whose last axis looks "
            f"like {shape[-1]} colours: take grey values, such as X[..., :3].mean(axis=-1), or one "
            f"channel, X[..., 0]; {otherwise}"
        )


def check_dimensions(dims, known=None, what="", *, wanted=None):
    """Return homology_dimensions as a tuple of int.

    Parameters
    ----------
    dims : int or iterable of int
    known : range, default=None
        What they must be among; None for any dimension from 0 on.
    what : str
        What has these dimensions, for the sentence: " of a grid with ndim=2".
    wanted : str, default=None
        What an estimator, which needs a dimension at least, says of any that are wrong.

    Raises
    ------
    TypeError
        If dims is neither.
    ValueError
        If a dimension is not known or comes twice, or there is none.
    """
    if is_integer(dims):
        dims = (dims,)
    if isinstance(dims, str) or not hasattr(dims, "__iter__") or getattr(dims, "shape", 1) == ():
        raise TypeError(f"homology_dimensions must be integers or None, got {dims!r}")
    dims = tuple(dims)
    bad = [
        dim
        for dim in dims
        if not is_integer(dim) or dim < 0 or (known is not None and dim not in known)
    ]
    if wanted is not None and (bad or not dims or len(set(dims)) < len(dims)):
        raise ValueError(f"homology_dimensions must be {wanted}, got {list(dims)}")
    if bad:
        among = "integers of at least 0" if known is None else f"among {list(known)}"
        raise ValueError(f"homology_dimensions{what} must be {among}, got {bad[0]!r}")
    if len(set(dims)) < len(dims):
        raise ValueError(f"homology_dimensions must have each dimension once, got {dims}")
    return tuple(int(dim) for dim in dims)


def with_own_init(cls):
    """Give a class its own copy of the constructor that it inherits.

    Python names the class in whose body a constructor stands where an argument is wrong. This way
    it is the one that was called.
    """
    init = cls.__init__
    own = FunctionType(
        init.__code__, init.__globals__, init.__name__, init.__defaults__, init.__closure__
    )
    own.__kwdefaults__ = init.__kwdefaults__
    own.__annotations__ = init.__annotations__
    own.__doc__ = init.__doc__
    own.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = own
    return cls
