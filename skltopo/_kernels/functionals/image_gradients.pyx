"""Energies of level set diagrams of images, with their gradient, in one pass.

What is computed
    For every image a sum of terms w |d - b|^p ((d + b) / 2)^q over points of its PD_0 and PD_1 from
    a rank on, and the derivative of this sum by every pixel: that of a point goes to its two
    critical pixels.

Why in one pass
    A loss needs neither the pairs nor their order: a term that counts all points but the essential
    one, as most do, needs no ranks. Pairs, births, deaths and their graph would take longer than
    the sweep.

Complexity
    For each image and dimension that of a sweep (see images.pyx), and O(1) for a point and a term.
    Points are sorted only for terms that leave out some of the longest.
"""

from cython cimport floating
from libc.stdint cimport int32_t, uint32_t
from libcpp.vector cimport vector

from ..grids.images cimport (
    ImageGrid, Sweep, Workspace, make_image_grid, oldest_minimum, pixel, rank_merged, sweep_image,
    sweep_of, workspaces
)
from .polynomial cimport point_energy


cdef struct Term:
    double p, q, weight
    Py_ssize_t n_skip       # of the longest finite points
    bint clip               # count the essential class, up to the last value


cdef struct Diagram:
    ImageGrid grid
    bint is_ranked          # a term leaves out points
    bint clip
    vector[Term] terms


cdef double add_clipped(const floating* image, const Diagram& diagram, Sweep[floating]& s,
                        floating* gradient) noexcept nogil:
    """Return the terms of the essential class, which ends at the last value of the filtration."""
    cdef Py_ssize_t i, size = diagram.grid.n_rows * diagram.grid.n_cols, last = 0
    cdef Py_ssize_t birth = pixel(oldest_minimum(s), diagram.grid.width)
    cdef floating sign = -1 if diagram.grid.negate else 1
    cdef double total = 0, by_birth, by_death
    cdef Term term
    for i in range(size):
        if sign * image[i] > sign * image[last]:
            last = i
    for i in range(<Py_ssize_t>diagram.terms.size()):
        term = diagram.terms[i]
        if term.clip:
            total += term.weight * point_energy(image[birth], image[last], term.p, term.q,
                                                &by_birth, &by_death)
            if gradient != NULL:
                gradient[birth] += <floating>(term.weight * by_birth)
                gradient[last] += <floating>(term.weight * by_death)
    return total


cdef double add_points(const Diagram& diagram, Sweep[floating]& s,
                       floating* gradient) noexcept nogil:
    """Return the terms of the finite points of a swept image."""
    cdef bint exterior = diagram.grid.exterior
    cdef double sign = -1 if diagram.grid.negate != exterior else 1
    cdef int32_t width = diagram.grid.width, at_low, at_high
    cdef int32_t last = <int32_t>((diagram.grid.n_rows + 2) * width) - 1
    cdef double low, high, by_low, by_high, total = 0, sum_low, sum_high
    cdef Py_ssize_t i, t, rank, n_terms = diagram.terms.size()
    cdef Term term
    for rank in range(s.n_merged):
        i = <uint32_t>s.items[rank] if diagram.is_ranked else rank
        low = s.minimum_height[s.merged[i]]
        high = s.merged_height[i]
        if low == high:
            continue
        sum_low = sum_high = 0
        for t in range(n_terms):
            term = diagram.terms[t]
            if rank >= term.n_skip:
                # A term is symmetric in birth and death.
                total += term.weight * point_energy(sign * low, sign * high, term.p, term.q,
                                                    &by_low, &by_high)
                sum_low += term.weight * by_low
                sum_high += term.weight * by_high
        if gradient != NULL:
            at_low, at_high = s.minimum[s.merged[i]], s.merged_at[i]
            if exterior:
                at_low, at_high = last - at_low, last - at_high
            gradient[pixel(at_low, width)] += <floating>sum_low
            gradient[pixel(at_high, width)] += <floating>sum_high
    return total


cdef int energies_of_images(const floating[:, :, ::1] images, const vector[Diagram]& diagrams,
                            Sweep[floating]& s, double[::1] totals,
                            floating* gradient) except -1 nogil:
    cdef Py_ssize_t i, d, size = images.shape[1] * images.shape[2]
    cdef const floating* image
    for i in range(images.shape[0]):
        image = &images[i, 0, 0]
        totals[i] = 0
        for d in range(<Py_ssize_t>diagrams.size()):
            sweep_image(image, diagrams[d].grid, s)
            if diagrams[d].is_ranked:
                rank_merged(s, diagrams[d].grid.exterior)
            if diagrams[d].clip:
                totals[i] += add_clipped(image, diagrams[d], s, gradient)
            totals[i] += add_points(diagrams[d], s, gradient)
        if gradient != NULL:
            gradient += size
    return 0


def image_energy_gradients(const floating[:, :, ::1] images, terms, double[::1] totals,
                           floating[:, :, ::1] gradient, *, bint superlevel, str complex):
    """Write sums of energies of every image to totals, and add their derivatives to gradient.

    Parameters
    ----------
    images : (n_images, n_rows, n_cols) C-contiguous float32 or float64, finite
        None of the sizes is zero; a padded image has fewer than 2**31 pixels.
    terms : sequence of (dim, p, q, i0, weight, clip)
        Dimension 0 or 1, powers, rank of the first point that counts (essential classes first),
        weight (0 counts no point), and whether the essential class ends at the last value; else it
        adds nothing.
    totals : (n_images,) float64
    gradient : (n_images, n_rows, n_cols), of the dtype of images, or None
    superlevel : bool
    complex : "freudenthal", "cubical" or "cubical_cells"

    Raises
    ------
    ValueError
        If totals or gradient has another shape.
    """
    cdef vector[Diagram] diagrams
    cdef Diagram diagram
    cdef Term term
    cdef floating* into = NULL
    cdef Py_ssize_t n = images.shape[0]
    if totals.shape[0] != n or (gradient is not None and (
            gradient.shape[0] != n or gradient.shape[1] != images.shape[1]
            or gradient.shape[2] != images.shape[2])):
        raise ValueError(f"totals and gradient must have those of {n} images")
    for dim in sorted({dim for dim, *_ in terms}):
        diagram.grid = make_image_grid(images.shape[1], images.shape[2], complex, dim, superlevel)
        diagram.is_ranked = diagram.clip = False
        diagram.terms.clear()
        for of_dim, term.p, term.q, i0, term.weight, clip in terms:
            if of_dim == dim and term.weight != 0:
                term.clip = clip and dim == 0 and i0 == 1
                term.n_skip = min(max(i0 - 1 - (dim == 0), 0), 2**31)      # there are fewer points
                diagram.is_ranked = diagram.is_ranked or term.n_skip > 0
                diagram.clip = diagram.clip or term.clip
                diagram.terms.push_back(term)
        diagrams.push_back(diagram)
    if gradient is not None and n > 0:
        into = &gradient[0, 0, 0]
    cdef Workspace workspace = workspaces.borrow()
    cdef Sweep[floating]* s = sweep_of(workspace, <const floating*>NULL)
    with nogil:
        energies_of_images(images, diagrams, s[0], totals, into)
    workspaces.give_back(workspace, workspace.n_bytes())
