"""From pixels to energies of diagrams, for a batch of images, in one call.

What is computed
    For every image I and weight g the function f = I * g (the directional filtrations of the paper,
    section 3.3 and 6.5.1; plain level sets are g = 1), its PD_0 and PD_1, and of each all energies
    E(p, q, i0) = sum over i >= i0 of |d_i - b_i|^p ((d_i + b_i) / 2)^q, min_p <= p <= max_p and
    q <= max_q, over points that are not shorter than min_length. Nothing is kept but the sums, so
    memory does not grow with the batch.

Why cropping is correct
    Outside the bounding box of the pixels that differ from a constant background c, f is constant
    too (if c = 0 or g = 1). A row at the border of the image that is constant, beside another of
    the same value, can be taken away: in every level set both are there or neither is, and if both
    are, the outer one collapses onto the inner one. So the box and one pixel around it have the
    same diagrams, and a pixel of the background is read once and not swept.

Complexity
    Per image and weight, that of two image sweeps over the box (see images.pyx), and
    O(max_p max_q) for each point.
"""

from cython cimport floating
from libc.stdint cimport uint32_t

from .images cimport (
    ImageGrid, Sweep, Workspace, make_image_grid, rank_merged, sweep_image, sweep_of, workspaces
)

cdef enum:
    MAX_POWER = 16
    LAST = 0x7FFFFFFF


cdef struct Box:
    Py_ssize_t top, left, n_rows, n_cols


cdef struct Request:
    # Which energies, of which functions.
    ImageGrid[2] grids      # for each homology dimension
    int n_dims
    bint plain              # all weights are 1
    int min_p, n_p, n_q     # powers of length from min_p on, of middle from 0 on
    int i0
    double min_length       # of a point that counts
    bint clip               # the essential class ends at the last value of the filtration


cdef Box crop(const floating[:, ::1] image, bint plain) noexcept nogil:
    """Return the part of an image that has its topology: without most of a constant background."""
    cdef Py_ssize_t row, col, n_rows = image.shape[0], n_cols = image.shape[1]
    cdef Py_ssize_t top = n_rows, bottom = -1, left = n_cols, right = -1
    cdef floating background = image[0, 0]
    cdef Box box
    if background != 0 and not plain:
        top = 0
        bottom = n_rows - 1
        left = 0
        right = n_cols - 1
    else:
        for row in range(n_rows):
            col = 0
            while col < n_cols and image[row, col] == background:
                col += 1
            if col == n_cols:
                continue
            top = min(top, row)
            bottom = row
            left = min(left, col)
            col = n_cols - 1
            while col > right and image[row, col] == background:
                col -= 1
            right = max(right, col)
    if bottom < 0:      # constant: one pixel has the same diagrams
        top = bottom = left = right = 0
    box.top = max(top - 1, 0)
    box.left = max(left - 1, 0)
    box.n_rows = min(bottom + 1, n_rows - 1) - box.top + 1
    box.n_cols = min(right + 1, n_cols - 1) - box.left + 1
    return box


cdef inline void add_point(double low, double high, double sign, const Request& request,
                           double* out) noexcept nogil:
    """Add one point to out, by p and q; low and high are values of sign * f.

    A point that is shorter than min_length is left out.
    """
    cdef double[MAX_POWER + 1] middle
    cdef double length = 1, step = high - low, half = sign * (low + high) / 2
    cdef int _p, p, q, n = request.n_q
    if step < request.min_length:
        return
    middle[0] = 1
    for q in range(n - 1):
        middle[q + 1] = middle[q] * half
    for _p in range(request.min_p):
        length *= step
    for p in range(request.n_p):
        for q in range(n):
            out[p * n + q] += length * middle[q]
        length *= step


cdef int drop_longest(Sweep[floating]& s, int n_skip, bint exterior) except -1 nogil:
    """Take the n_skip most persistent points out of the merged ones; ranks as in a Diagram."""
    cdef Py_ssize_t i, j, n = 0
    rank_merged(s, exterior)
    for j in range(min(n_skip, s.n_merged)):
        s.merged[<uint32_t>s.items[j]] = -1
    for i in range(s.n_merged):
        s.merged[n] = s.merged[i]
        s.merged_height[n] = s.merged_height[i]
        n += s.merged[i] >= 0
    s.n_merged = n
    return 0


cdef int add_energies(const floating* f, const ImageGrid& grid, const Request& request,
                      Sweep[floating]& s, double* out) except -1 nogil:
    """Add the energies of one diagram of one function to out."""
    cdef Py_ssize_t i
    cdef int n_skip = request.i0 - 1
    cdef double sign = -1 if grid.negate != grid.exterior else 1
    cdef floating low, high
    sweep_image(f, grid, s)
    if not grid.exterior:
        if request.clip and request.i0 == 1:
            low = s.minimum_height[0]
            for i in range(1, s.n_minima):
                low = min(low, s.minimum_height[i])
            high = low
            for i in range(grid.n_rows * grid.n_cols):
                high = max(high, <floating>sign * f[i])
            add_point(low, high, sign, request, out)
        n_skip -= 1     # the essential class ranks first
    if n_skip > 0:
        drop_longest(s, n_skip, grid.exterior)
    for i in range(s.n_merged):
        low = s.minimum_height[s.merged[i]]
        high = s.merged_height[i]
        if high > low:
            add_point(low, high, sign, request, out)
    return 0


cdef int energies_of_images(const floating[:, :, ::1] images, const floating[:, :, ::1] weights,
                            Request& request, Sweep[floating]& s,
                            double[:, ::1] out) except -1 nogil:
    cdef Py_ssize_t i, w, row, col, k, n_terms = request.n_p * request.n_q
    cdef int d
    cdef Box box
    cdef floating* f
    cdef double* target
    s.product.grow(images.shape[1] * images.shape[2])
    f = s.product.data()
    for i in range(images.shape[0]):
        box = crop(images[i], request.plain)
        for d in range(request.n_dims):
            request.grids[d].n_rows, request.grids[d].n_cols = box.n_rows, box.n_cols
        target = &out[i, 0]
        for w in range(weights.shape[0]):
            k = 0
            for row in range(box.top, box.top + box.n_rows):
                for col in range(box.left, box.left + box.n_cols):
                    f[k] = images[i, row, col] * weights[w, row, col]
                    k += 1
            for d in range(request.n_dims):
                add_energies(f, request.grids[d], request, s, target)
                target += n_terms
    return 0


def image_energies(const floating[:, :, ::1] images, const floating[:, :, ::1] weights,
                   double[:, ::1] out, *, bint plain, tuple homology_dimensions, bint superlevel,
                   str complex, min_p, max_p, max_q, i0, double min_length, bint clip):
    """Compute energies of level set diagrams of every image times every weight.

    Parameters
    ----------
    images : (n_images, n_rows, n_cols) C-contiguous float32 or float64, finite
    weights : (n_weights, n_rows, n_cols), of the same dtype
    out : (n_images, n_weights * n_dims * (max_p - min_p + 1) * (max_q + 1)) float64
        Energies are added to it; columns by weight, dimension, p and q, the last fastest.
    plain : bool
        Whether all weights are 1.
    homology_dimensions : tuple of 0 and 1, at most two
    superlevel : bool
    complex : "freudenthal", "cubical" or "cubical_cells"
    min_p, max_p, max_q : int, at most 16
    i0 : int, at least 1
    min_length : float
        Points that are shorter are left out; an essential class, too, if it is clipped.
    clip : bool
        End the essential class at the last value; else it takes its rank and adds nothing.

    Raises
    ------
    ValueError
        If a power is not from 0 to 16, or out has another shape.
    """
    cdef Workspace workspace
    cdef Sweep[floating]* s
    cdef Request request
    cdef int d
    if not (0 <= min_p <= max_p <= MAX_POWER and 0 <= max_q <= MAX_POWER):
        raise ValueError(f"min_p, max_p and max_q must be from 0 to {MAX_POWER}, and min_p at most "
                         f"max_p, got {min_p}, {max_p} and {max_q}")
    request.plain, request.clip, request.min_length = plain, clip, min_length
    request.i0 = min(i0, LAST)      # there are fewer points
    request.min_p, request.n_p, request.n_q = min_p, max_p - min_p + 1, max_q + 1
    request.n_dims = <int>len(homology_dimensions)
    n_columns = weights.shape[0] * request.n_dims * request.n_p * request.n_q
    if out.shape[0] != images.shape[0] or out.shape[1] != n_columns:
        raise ValueError(f"out must have shape ({images.shape[0]}, {n_columns}), got "
                         f"({out.shape[0]}, {out.shape[1]})")
    for d in range(request.n_dims):
        request.grids[d] = make_image_grid(images.shape[1], images.shape[2], complex,
                                           homology_dimensions[d], superlevel)
    workspace = workspaces.borrow()
    s = sweep_of(workspace, <const floating*>NULL)
    with nogil:
        energies_of_images(images, weights, request, s[0], out)
    workspaces.give_back(workspace, workspace.n_bytes())
