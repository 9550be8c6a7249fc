"""Minimum spanning trees: PD_0 of Vietoris-Rips filtrations without a distance matrix.

What is found
    The minimum spanning tree under the strict order of edges (squared length, i, j), i < j, squared
    lengths in float64 from the coordinates, summed in their order. A strict order makes the tree
    unique, so every algorithm here returns the same edges.

Prim's algorithm
    For points outside the tree: their best edge into it. A step adds the best of them all, and
    offers its edges to the rest. O(n^2 d) time in vector instructions, O(n d) memory. For high
    dimensions, where nothing is known to be better, small sets, and rows of a distance matrix.

Borůvka's algorithm on a k-d tree
    In every round each component finds its best edge out; these edges join at least half of the
    components. A query of one point descends the tree, nearer child first, leaving out boxes
    inside its component, and boxes farther than the best edge of its component so far. The
    distance to a box is summed like that to a point, and rounding is monotone: it never exceeds
    that to a point inside. What a point found lasts until its component swallows it, and bounds
    its later searches from below. O(n log n) in practice for low dimensions; O(n d) memory.

Papers
    Bentley, Multidimensional binary search trees used for associative searching, 1975. March, Ram,
    Gray, Fast Euclidean minimum spanning tree, 2010.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libcpp.algorithm cimport nth_element
from libcpp.utility cimport pair
from libcpp.vector cimport vector

from ..._utils.signals cimport check_signals
from ..._utils.buffer cimport Buffer
from ..._utils.sorting cimport argsort_pairs
from ..._persistence cimport find_root

cdef extern from "tree_rows.h" nogil:
    void squared_lengths(const double* coordinates, Py_ssize_t stride, Py_ssize_t begin,
                         Py_ssize_t end, Py_ssize_t n_dims, const double* p, double* out)
    double relax(const double* offered, Py_ssize_t n, int64_t vertex, double* value,
                 int64_t* nearest)

cdef enum:
    BLOCK = 512                 # points whose squared lengths stay in the first cache
    LEAF = 12                   # points in a leaf of the tree at the most
    DEPTH = 40                  # of the tree at the most, for fewer than 2**31 points
    STEPS_BETWEEN_SIGNALS = 256
    QUERIES_BETWEEN_SIGNALS = 4096


# --------------------------------------------------------------------------------------------------
# Prim
# --------------------------------------------------------------------------------------------------

cdef struct Outside:
    # Points that are not in the tree, and for each its best edge into it.
    Py_ssize_t n
    int64_t* point
    double* value
    int64_t* nearest


cdef Py_ssize_t best_outside(Outside o, double least) noexcept nogil:
    """Return the position of the point with the best edge, whose value is least."""
    cdef Py_ssize_t k, best = -1
    cdef int64_t low, high, best_low = 0, best_high = 0
    for k in range(o.n):
        if o.value[k] == least:
            low = min(o.point[k], o.nearest[k])
            high = max(o.point[k], o.nearest[k])
            if best < 0 or low < best_low or (low == best_low and high < best_high):
                best, best_low, best_high = k, low, high
    return best


cdef inline void take_edge(Outside* o, Py_ssize_t k, int64_t[:, ::1] edges, double[::1] values,
                           Py_ssize_t step) noexcept nogil:
    """Write the edge of the point at position k; the last point takes its place."""
    edges[step, 0] = min(o.point[k], o.nearest[k])
    edges[step, 1] = max(o.point[k], o.nearest[k])
    values[step] = o.value[k]
    o.n -= 1
    o.point[k] = o.point[o.n]
    o.value[k] = o.value[o.n]
    o.nearest[k] = o.nearest[o.n]


cdef int prim_points(const double[:, ::1] points, int64_t[:, ::1] edges,
                     double[::1] values) except -1 nogil:
    cdef Py_ssize_t n = points.shape[0], d = points.shape[1], i, k, step, begin, end
    cdef Buffer[double] coordinates, value, offered, here
    cdef Buffer[int64_t] point, nearest
    cdef Outside o
    cdef int64_t vertex = 0
    cdef double least, part
    coordinates.grow(n * d + 1)
    value.grow(n)
    offered.grow(BLOCK)
    here.grow(d + 1)
    point.grow(n)
    nearest.grow(n)
    here[0] = 0
    for k in range(d):
        here[k] = points[0, k]
        for i in range(1, n):
            coordinates[k * n + i - 1] = points[i, k]
    for i in range(1, n):
        point[i - 1] = i
        value[i - 1] = INFINITY
        nearest[i - 1] = n
    o.n = n - 1
    o.point = point.data()
    o.value = value.data()
    o.nearest = nearest.data()
    for step in range(n - 1):
        least = INFINITY
        begin = 0
        while begin < o.n:
            end = min(begin + BLOCK, o.n)
            squared_lengths(coordinates.data(), n, begin, end, d, here.data(), offered.data())
            part = relax(offered.data(), end - begin, vertex, o.value + begin, o.nearest + begin)
            least = min(least, part)
            begin = end
        i = best_outside(o, least)
        vertex = o.point[i]
        take_edge(&o, i, edges, values, step)
        for k in range(d):
            here[k] = coordinates[k * n + i]
            coordinates[k * n + i] = coordinates[k * n + o.n]
        if step % STEPS_BETWEEN_SIGNALS == STEPS_BETWEEN_SIGNALS - 1:
            check_signals()
    return 0


def prim_tree(const double[:, ::1] points):
    """Find the Euclidean minimum spanning tree by Prim's algorithm.

    Parameters
    ----------
    points : (n, d) C-contiguous float64, finite; n and d at least 1

    Returns
    -------
    edges : (n - 1, 2) int64
        Ends i < j, in order of (squared length, i, j).
    values : (n - 1,) float64
        Squared lengths.
    """
    edges = np.empty((points.shape[0] - 1, 2), dtype=np.int64)
    values = np.empty(points.shape[0] - 1)
    cdef int64_t[:, ::1] edges_view = edges
    cdef double[::1] values_view = values
    with nogil:
        prim_points(points, edges_view, values_view)
    return _in_order(edges, values)


def prim_tree_of_rows(Py_ssize_t n, row_of):
    """Find the minimum spanning tree of distances that come row by row.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    row_of : callable
        Takes i and returns the distances of point i to all points, array-like (n,); inf is no edge.

    Returns
    -------
    edges, values
        As from prim_tree, but values are distances; fewer than n - 1 edges where infinite distances
        leave several components.
    """
    cdef Buffer[double] value
    cdef Buffer[int64_t] point, nearest
    cdef Buffer[double] offered
    cdef Outside o
    cdef const double[::1] row
    cdef Py_ssize_t k, step, n_edges = 0
    cdef int64_t vertex = 0
    cdef double least
    edges = np.empty((n - 1, 2), dtype=np.int64)
    values = np.empty(n - 1)
    cdef int64_t[:, ::1] edges_view = edges
    cdef double[::1] values_view = values
    value.grow(n)
    point.grow(n)
    nearest.grow(n)
    offered.grow(n)
    for k in range(1, n):
        point[k - 1] = k
        value[k - 1] = INFINITY
        nearest[k - 1] = n
    o.n = n - 1
    o.point = point.data()
    o.value = value.data()
    o.nearest = nearest.data()
    for step in range(n - 1):
        row = np.ascontiguousarray(row_of(vertex), dtype=np.float64)
        with nogil:
            for k in range(o.n):
                offered[k] = row[o.point[k]]
            least = relax(offered.data(), o.n, vertex, o.value, o.nearest)
            k = best_outside(o, least)
            vertex = o.point[k]
            take_edge(&o, k, edges_view, values_view, n_edges)
            n_edges += least < INFINITY     # else another component begins, without an edge
        if step % STEPS_BETWEEN_SIGNALS == STEPS_BETWEEN_SIGNALS - 1:
            check_signals()
    return _in_order(edges[:n_edges], values[:n_edges])


def _in_order(edges, values):
    order = np.lexsort((edges[:, 1], edges[:, 0], values))
    return edges[order], values[order]


# --------------------------------------------------------------------------------------------------
# Borůvka on a k-d tree
# --------------------------------------------------------------------------------------------------

cdef struct Candidate:
    # An edge with ends low < high, in the numbers of the input.
    double value
    int32_t low, high


cdef struct Node:
    int32_t begin, end      # its points
    int32_t left            # the child; the other follows it; 0 for a leaf
    int32_t label           # the component of all its points, or -1


cdef struct Tree:
    Py_ssize_t n, n_dims, n_nodes
    double* points          # in the order of leaves
    int32_t* original       # their numbers in the input
    int32_t* label          # their components
    Node* nodes             # parents before children
    double* boxes           # per node: the least coordinates, then the greatest


cdef inline bint precedes(Candidate a, Candidate b) noexcept nogil:
    if a.value != b.value:
        return a.value < b.value
    return a.low < b.low or (a.low == b.low and a.high < b.high)


cdef void fit_box(Tree* t, const double[:, ::1] points, Py_ssize_t node) noexcept nogil:
    cdef double* low = t.boxes + 2 * node * t.n_dims
    cdef double* high = low + t.n_dims
    cdef Py_ssize_t i, k
    cdef double x
    for k in range(t.n_dims):
        low[k] = INFINITY
        high[k] = -INFINITY
    for i in range(t.nodes[node].begin, t.nodes[node].end):
        for k in range(t.n_dims):
            x = points[t.original[i], k]
            low[k] = min(low[k], x)
            high[k] = max(high[k], x)


cdef int split(Tree* t, const double[:, ::1] points, Py_ssize_t node,
               vector[pair[double, int32_t]]& keys) except -1 nogil:
    """Give a node two children: halves along its longest side."""
    cdef double* low = t.boxes + 2 * node * t.n_dims
    cdef double* high = low + t.n_dims
    cdef Py_ssize_t begin = t.nodes[node].begin, end = t.nodes[node].end
    cdef Py_ssize_t middle = (begin + end) // 2, i, k, widest = 0
    for k in range(1, t.n_dims):
        if high[k] - low[k] > high[widest] - low[widest]:
            widest = k
    for i in range(begin, end):
        keys[i].first = points[t.original[i], widest]
        keys[i].second = t.original[i]
    nth_element(keys.begin() + begin, keys.begin() + middle, keys.begin() + end)
    for i in range(begin, end):
        t.original[i] = keys[i].second
    t.nodes[node].left = <int32_t>t.n_nodes
    for i in range(2):
        t.nodes[t.n_nodes].begin = <int32_t>(middle if i else begin)
        t.nodes[t.n_nodes].end = <int32_t>(end if i else middle)
        t.nodes[t.n_nodes].left = 0
        fit_box(t, points, t.n_nodes)
        t.n_nodes += 1
    return 0


cdef int build(Tree* t, const double[:, ::1] points) except -1 nogil:
    cdef vector[pair[double, int32_t]] keys
    cdef Py_ssize_t i, k, node = 0
    keys.resize(t.n)
    for i in range(t.n):
        t.original[i] = <int32_t>i
    t.nodes[0].begin = 0
    t.nodes[0].end = <int32_t>t.n
    t.nodes[0].left = 0
    t.n_nodes = 1
    fit_box(t, points, 0)
    while node < t.n_nodes:
        if t.nodes[node].end - t.nodes[node].begin > LEAF:
            split(t, points, node, keys)
        node += 1
    for i in range(t.n):
        for k in range(t.n_dims):
            t.points[i * t.n_dims + k] = points[t.original[i], k]
    return 0


cdef void label_nodes(Tree* t) noexcept nogil:
    cdef Py_ssize_t node, i
    cdef int32_t label
    for node in range(t.n_nodes - 1, -1, -1):
        if t.nodes[node].left:
            label = t.nodes[t.nodes[node].left].label
            if label != t.nodes[t.nodes[node].left + 1].label:
                label = -1
        else:
            label = t.label[t.nodes[node].begin]
            for i in range(t.nodes[node].begin + 1, t.nodes[node].end):
                if t.label[i] != label:
                    label = -1
                    break
        t.nodes[node].label = label


cdef inline double box_distance(const Tree* t, const double* x, Py_ssize_t node) noexcept nogil:
    """Return the squared distance to a box, rounded like that to a point."""
    cdef const double* low = t.boxes + 2 * node * t.n_dims
    cdef const double* high = low + t.n_dims
    cdef double total = 0, step
    cdef Py_ssize_t k
    for k in range(t.n_dims):
        step = max(max(low[k] - x[k], x[k] - high[k]), 0.0)
        total += step * step
    return total


cdef inline void search_leaf(const Tree* t, Py_ssize_t p, Node leaf, Candidate* best,
                             int32_t* found) noexcept nogil:
    cdef const double* x = t.points + p * t.n_dims
    cdef const double* y
    cdef Candidate candidate
    cdef double step
    cdef Py_ssize_t q, k
    cdef int32_t label = t.label[p]
    for q in range(leaf.begin, leaf.end):
        if t.label[q] == label:
            continue
        y = t.points + q * t.n_dims
        candidate.value = 0
        for k in range(t.n_dims):
            step = x[k] - y[k]
            candidate.value += step * step
        if candidate.value > best.value:
            continue
        candidate.low = min(t.original[p], t.original[q])
        candidate.high = max(t.original[p], t.original[q])
        if precedes(candidate, best[0]):
            best[0] = candidate
            found[0] = <int32_t>q


cdef int32_t nearest_outside(const Tree* t, Py_ssize_t p, Candidate* best) noexcept nogil:
    """Find the nearest point to p outside its component whose edge precedes best, or -1."""
    cdef int32_t[2 * DEPTH] todo
    cdef double[2 * DEPTH] distance
    cdef const double* x = t.points + p * t.n_dims
    cdef int32_t found = -1, left
    cdef Py_ssize_t top = 1, nearer
    cdef double to_left, to_right
    cdef Node node
    todo[0] = 0
    distance[0] = 0
    while top:
        top -= 1
        if distance[top] > best.value:
            continue
        node = t.nodes[todo[top]]
        if node.label == t.label[p]:
            continue
        left = node.left
        if not left:
            search_leaf(t, p, node, best, &found)
            continue
        to_left = box_distance(t, x, left)
        to_right = box_distance(t, x, left + 1)
        nearer = to_right < to_left
        # The nearer child is on top.
        todo[top] = <int32_t>(left + 1 - nearer)
        todo[top + 1] = <int32_t>(left + nearer)
        distance[top] = to_left if nearer else to_right
        distance[top + 1] = to_right if nearer else to_left
        top += 2
    return found


cdef int grow_forest(Tree* t, int64_t[:, ::1] edges, double[::1] values) except -1 nogil:
    cdef Py_ssize_t n = t.n, p, n_edges = 0, queries = 0
    cdef Buffer[int32_t] parent, partner, position
    cdef Buffer[Candidate] best, own
    cdef Candidate candidate
    cdef int32_t a, b
    parent.grow(n)
    position.grow(n)    # number in the input -> position in the tree
    partner.grow(n)     # of a point: the nearest outside its component, or -1
    own.grow(n)         # of a point: its edge to partner; with none, a lower bound of such edges
    best.grow(n)        # of a component: its best edge out so far
    for p in range(n):
        parent[p] = <int32_t>p
        position[t.original[p]] = <int32_t>p
        partner[p] = -1
        own[p].value = 0
    while n_edges < n - 1:
        for p in range(n):
            t.label[p] = find_root(parent, <int32_t>p)
            best[p].value = INFINITY
            best[p].low = 0
            best[p].high = 0
        label_nodes(t)
        for p in range(n):
            if partner[p] >= 0:
                if t.label[partner[p]] == t.label[p]:
                    partner[p] = -1
                elif precedes(own[p], best[t.label[p]]):
                    best[t.label[p]] = own[p]
        for p in range(n):
            if partner[p] >= 0 or own[p].value > best[t.label[p]].value:
                continue
            candidate = best[t.label[p]]
            partner[p] = nearest_outside(t, p, &candidate)
            own[p] = candidate
            if partner[p] >= 0:
                best[t.label[p]] = candidate
            queries += 1
            if queries % QUERIES_BETWEEN_SIGNALS == 0:
                check_signals()
        for p in range(n):
            if t.label[p] != p:
                continue
            # The same edge may be the best of both its components.
            a = find_root(parent, position[best[p].low])
            b = find_root(parent, position[best[p].high])
            if a != b:
                parent[max(a, b)] = min(a, b)
                edges[n_edges, 0] = best[p].low
                edges[n_edges, 1] = best[p].high
                values[n_edges] = best[p].value
                n_edges += 1
    return 0


def boruvka_tree(const double[:, ::1] points):
    """Find the Euclidean minimum spanning tree by Borůvka's algorithm on a k-d tree.

    Parameters and results are those of prim_tree; n below 2**31.
    """
    cdef Tree t
    cdef Buffer[double] coordinates, boxes
    cdef Buffer[int32_t] original, label
    cdef Buffer[Node] nodes
    cdef Py_ssize_t n = points.shape[0], d = points.shape[1], most
    edges = np.empty((n - 1, 2), dtype=np.int64)
    values = np.empty(n - 1)
    cdef int64_t[:, ::1] edges_view = edges
    cdef double[::1] values_view = values
    with nogil:
        # Halves of a node with more than LEAF points have more than LEAF / 2.
        most = 2 * (n // (LEAF // 2) + 1)
        coordinates.grow(n * d)
        boxes.grow(2 * d * most)
        original.grow(n)
        label.grow(n)
        nodes.grow(most)
        t.n = n
        t.n_dims = d
        t.points = coordinates.data()
        t.original = original.data()
        t.label = label.data()
        t.nodes = nodes.data()
        t.boxes = boxes.data()
        build(&t, points)
        grow_forest(&t, edges_view, values_view)
    return _in_order(edges, values)


def euclidean_tree(points):
    """Find the Euclidean minimum spanning tree by the algorithm that suits the points.

    Parameters and results are those of prim_tree; n below 2**31.
    """
    n, d = points.shape
    if n <= 700 * 1.5**d:       # where the tree of boxes overtakes plain arithmetic, by measurement
        return prim_tree(points)
    if not _may_repeat(points):
        return boruvka_tree(points)
    # Points in one place are a star around the first of them; only the firsts meet other places.
    _, first, place = np.unique(points, axis=0, return_index=True, return_inverse=True)
    first_of = first[place.reshape(-1)]
    later = np.flatnonzero(first_of != np.arange(n))
    kept = np.sort(first)
    edges, values = boruvka_tree(points[kept]) if len(kept) > 1 else prim_tree(points[kept])
    stars = np.stack([first_of[later], later], axis=1)
    return _in_order(
        np.concatenate([stars, kept[edges]]), np.concatenate([np.zeros(len(later)), values])
    )


def _may_repeat(points):
    """Tell whether some point may stand twice: false only if none does."""
    factors = np.uint64(0x9E3779B97F4A7C15) * np.arange(1, 2 * points.shape[1], 2, dtype=np.uint64)
    # 0.0 and -0.0 are one place.
    mixed = np.sort(((points + 0.0).view(np.uint64) * factors).sum(axis=1, dtype=np.uint64))
    return bool((mixed[1:] == mixed[: mixed.size - 1]).any())


# --------------------------------------------------------------------------------------------------
# From a tree to PD_0
# --------------------------------------------------------------------------------------------------

def tree_pairs(const int64_t[:, ::1] edges, const double[::1] lengths, Py_ssize_t n,
               bint keep_zero):
    """Pair the edges of a minimum spanning tree or forest in dimension 0.

    Parameters
    ----------
    edges : (m, 2) int64
        In the order of the filtration.
    lengths : (m,) float64
    n : int
        Number of points.
    keep_zero : bool

    Returns
    -------
    pairs : (m, 4) int64
        (v, v, i, j): the component whose smallest vertex is v ends at the edge {i, j}; longest
        first, ties by v.
    essential : (e, 2) int64
        (v, v) for the smallest vertex of every component that remains.
    """
    cdef Buffer[int32_t] parent
    cdef Buffer[double] minus_length
    cdef Buffer[uint64_t] born, items, scratch
    cdef Buffer[Py_ssize_t] edge
    cdef Py_ssize_t k, m = 0
    cdef int32_t a, b
    cdef uint32_t at
    with nogil:
        parent.grow(n)
        minus_length.grow(edges.shape[0])
        born.grow(edges.shape[0])
        edge.grow(edges.shape[0])
        for k in range(n):
            parent[k] = <int32_t>k
        for k in range(edges.shape[0]):
            a = find_root(parent, <int32_t>edges[k, 0])
            b = find_root(parent, <int32_t>edges[k, 1])
            parent[max(a, b)] = min(a, b)
            minus_length[m] = -lengths[k]
            born[m] = <uint64_t>max(a, b)
            edge[m] = k
            m += keep_zero or lengths[k] != 0
        argsort_pairs(minus_length, born, items, scratch, m)
    pairs = np.empty((m, 4), dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    for k in range(m):
        at = <uint32_t>items[k]
        view[k, 0] = view[k, 1] = <int64_t>born[at]
        view[k, 2] = edges[edge[at], 0]
        view[k, 3] = edges[edge[at], 1]
    roots = np.array([k for k in range(n) if parent[k] == k], dtype=np.int64)
    return pairs, np.stack([roots, roots], axis=1)
