"""Euclidean minimum spanning trees in near-linear time, and PD_0 of Vietoris-Rips filtrations.

What is found
    The minimum spanning tree under the strict order of edges (squared length, i, j), i < j. Squared
    lengths are computed in float64, summed in the order of the coordinates. A strict order makes
    the tree unique, so Borůvka's algorithm returns the edges of Prim's (prim.pyx). The edges of the
    tree, in their order, are those that destroy components: PD_0 without a distance matrix.

Borůvka's algorithm on a k-d tree
    In every round each component finds its best edge to another one; these edges join at least half
    of the components. The k-d tree splits the points into boxes. The query of a point descends it,
    nearer child first. It leaves out boxes that lie inside its component, and boxes that are
    farther than the best edge of its component so far. The distance to a box is summed like that to
    a point, and rounding is monotone, so it never exceeds that to a point inside.

    The nearest neighbour of a point outside its component is cached until it joins the component;
    then its distance is a lower bound for the next query of that point. O(n log n) in practice for
    low dimensions; O(n d) memory.

Papers
    Bentley, Multidimensional binary search trees used for associative searching, 1975. March, Ram,
    Gray, Fast Euclidean minimum spanning tree, 2010.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t
from libcpp.algorithm cimport nth_element
from libcpp.utility cimport pair
from libcpp.vector cimport vector

from .prim import prim_tree, sort_edges

from ..._persistence cimport Pairs, find_root, join_elder
from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals_every

cdef enum:
    LEAF = 12                   # most points in a leaf of the tree
    DEPTH = 40                  # most levels of the tree, for fewer than 2**31 points
    QUERIES_BETWEEN_SIGNALS = 4096


# --------------------------------------------------------------------------------------------------
# The k-d tree
# --------------------------------------------------------------------------------------------------

cdef struct Candidate:
    # An edge with ends low < high, in the numbers of the input.
    double value
    int32_t low, high


cdef struct Node:
    int32_t begin, end      # its points
    int32_t left            # its first child, the other one is left + 1; 0 for a leaf
    int32_t label           # the component of all its points, or -1


cdef struct Tree:
    Py_ssize_t n, n_dims, n_nodes
    double* points          # in the order of leaves
    int32_t* original       # their numbers in the input
    int32_t* label          # their components
    Node* nodes             # parents before children
    double* boxes           # per node: the least coordinates, then the greatest


cdef inline bint precedes(Candidate a, Candidate b) noexcept nogil:
    """Tell whether a comes before b in the order of edges."""
    if a.value != b.value:
        return a.value < b.value
    return a.low < b.low or (a.low == b.low and a.high < b.high)


cdef void fit_box(Tree* t, const double[:, ::1] points, Py_ssize_t node) noexcept nogil:
    """Compute the box of the points of a node."""
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
    """Give a node two children: the halves of its points along the longest side of its box."""
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
    """Build the tree, and bring the points into the order of its leaves."""
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
        check_signals_every(QUERIES_BETWEEN_SIGNALS, node)
        node += 1
    for i in range(t.n):
        for k in range(t.n_dims):
            t.points[i * t.n_dims + k] = points[t.original[i], k]
    return 0


cdef void label_nodes(Tree* t) noexcept nogil:
    """Find the nodes whose points are all in one component."""
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
    """Compare best with the edges of p to the points of a leaf."""
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


# --------------------------------------------------------------------------------------------------
# Borůvka's algorithm
# --------------------------------------------------------------------------------------------------

cdef int grow_forest(Tree* t, int64_t[:, ::1] edges, double[::1] values) except -1 nogil:
    """Write the edges of the minimum spanning tree, round by round."""
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
            check_signals_every(QUERIES_BETWEEN_SIGNALS, queries)
            queries += 1
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

    Parameters and results are those of `prim_tree`; n below 2**31.
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
    return sort_edges(edges, values)


def euclidean_tree(points):
    """Find the Euclidean minimum spanning tree by the algorithm that suits the points.

    Parameters and results are those of `prim_tree`; n below 2**31.
    """
    n, d = points.shape
    if n <= 700 * 1.5**d:       # where the k-d tree becomes faster than all distances, as measured
        return prim_tree(points)
    if not _may_repeat(points):
        return boruvka_tree(points)
    # Points with equal coordinates form a star around the first of them; Borůvka joins these.
    _, first, place = np.unique(points, axis=0, return_index=True, return_inverse=True)
    first_of = first[place.reshape(-1)]
    later = np.flatnonzero(first_of != np.arange(n))
    kept = np.sort(first)
    edges, values = boruvka_tree(points[kept]) if len(kept) > 1 else prim_tree(points[kept])
    stars = np.stack([first_of[later], later], axis=1)
    return sort_edges(
        np.concatenate([stars, kept[edges]]), np.concatenate([np.zeros(len(later)), values])
    )


def _may_repeat(points):
    """Tell whether two points may be equal; False only if no two are."""
    factors = np.uint64(0x9E3779B97F4A7C15) * np.arange(1, 2 * points.shape[1], 2, dtype=np.uint64)
    # Adding 0.0 turns -0.0, which equals it, into 0.0.
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
        Keep pairs of length zero.

    Returns
    -------
    {0: Pairs}
        One sample of rows (v, v, i, j): the edge {i, j} destroys the component whose smallest
        vertex is v. Births of essential classes are (v, v), in ascending order.
    """
    cdef Pairs found = Pairs(2, 2, keep_zero)
    cdef Buffer[int32_t] parent
    cdef int32_t[4] row
    cdef Py_ssize_t k
    with nogil:
        parent.grow(n)
        for k in range(n):
            parent[k] = <int32_t>k
        for k in range(edges.shape[0]):
            row[2] = <int32_t>edges[k, 0]
            row[3] = <int32_t>edges[k, 1]
            row[0] = row[1] = join_elder(parent, row[2], row[3])
            found.add_row(row, lengths[k])
        for k in range(n):
            if parent[k] == k:
                row[0] = row[1] = <int32_t>k
                found.add_essential(row)
        found.close_sample()
    return {0: found.finish()}
