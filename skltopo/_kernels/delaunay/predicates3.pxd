"""Exact geometric predicates in space (see predicates3.h)."""

cdef extern from "predicates3.h" nogil:
    cdef struct Point3:
        double x, y, z, unused

cdef extern from "predicates3.h" namespace "predicates3" nogil:
    cdef cppclass Cloud:
        double orient_error, sphere_error

    int scale_points(const double* points, Py_ssize_t n, Point3* out)
    Cloud measure_points(const Point3* points, Py_ssize_t n)
    # Exact arithmetic may need memory.
    int orient(const Cloud& cloud, const Point3& a, const Point3& b, const Point3& c,
               const Point3& d) except +
    int in_sphere(const Cloud& cloud, const Point3& a, const Point3& b, const Point3& c,
                  const Point3& d, const Point3& e) except +
    bint inside_sphere(const Cloud& cloud, const Point3& a, const Point3& b, const Point3& c,
                       const Point3& d, const Point3& e) except +
    int in_edge_sphere(const Cloud& cloud, const Point3& a, const Point3& b,
                       const Point3& p) except +
    int in_triangle_sphere(const Cloud& cloud, const Point3& a, const Point3& b, const Point3& c,
                           const Point3& p) except +
    bint collinear(const Point3& a, const Point3& b, const Point3& c) except +
