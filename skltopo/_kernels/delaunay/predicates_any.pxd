"""Exact geometric predicates and circumspheres in any dimension (see predicates_any.h)."""

from libc.stdint cimport int32_t, int64_t, uint8_t

cdef extern from "predicates_any.h" namespace "predicates_any" nogil:
    # Exact arithmetic may need memory.
    cdef cppclass Cloud:
        int set_points(const double* points, int n, int d) except +
        int rank()
        int n_points()
        int32_t independent(int i)
        int orientation(const int32_t* simplex) except +
        bint inside_sphere(const int32_t* simplex, int32_t q) except +
        void write_plane(const int32_t* simplex, int base, int corner, double* plane) except +
        double plane_value(const double* plane, int32_t base, int32_t q, double& error)
        double squared_distance(int32_t p, int32_t q)
        double height_error(double squared)
        double measure_sphere(const int32_t* simplex, int k, uint8_t* beyond,
                              double& error) except +

    cdef cppclass RadiusOrder:
        void add(Cloud& cloud, const int32_t* simplex, int k) except +
        void sort(int64_t* order, double* radii) except +
