"""The Alpha filtration of points in space."""

from .complex3 cimport Complex

cdef order_by_spheres(Complex c)
