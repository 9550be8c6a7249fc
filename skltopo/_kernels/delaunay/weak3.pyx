"""Persistence of the weak Alpha filtration of points in space: which edges are paired.

What is paired
    A simplex of the Delaunay complex enters with its longest edge. Edges are ordered by (squared
    length, i, j), and each is one step of the filtration. A pair of PD_k is the edge with which a
    class is created and the edge with which it is destroyed (PD_0: a vertex and an edge).

How, and why it is correct
    Triangles are ordered by (longest, second longest edge), which tells them apart, tetrahedra
    (cells) by their youngest triangle, then by number. Faces come first in these orders, and any
    order in which they do gives the same pairs of edges. Youngest means last in the order.
    PD_0: Kruskal. PD_2: by duality, triangles, from the last to the first, join the cells beside
    them (_persistence.pyx). If no older cell is beside the youngest face of a cell, the two are a
    pair within one step. Such a triangle is never sorted, and most of the others join nothing then.
    PD_1: triangles that create a class of H_2 are left out. An edge and the oldest triangle of
    which it is the longest edge are a pair within one step, too, since no triangle before has the
    edge. For each point about half a triangle is left, which is sorted and reduced.

    Only edges have numbers. A triangle is the ranks of its three edges, read from a cell.

Complexity
    O(m) for m simplices, plus sorting the edges, plus the reduction: cubic in what is left at
    worst, five additions for a column on uniform points. Memory is about 700 bytes for a point.

Papers
    Clémot, Digne, Tierny, Delaunay-Rips filtration: a study and an algorithm, 2025 (their name for
    it). Guillou, Vidal, Tierny, Discrete Morse sandwich, 2023.
"""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint64_t

from ..._persistence cimport Pairs, find_root, make_pair
from ..._utils.buffer cimport Buffer
from ..._utils.pool cimport Pool
from ..._utils.signals cimport check_signals
from .edges3 cimport FACE_EDGES, Edges
from .pairs2 cimport add_edges
from .triangulation3 cimport Tetrahedron

cdef enum:
    NONE = -1
    KEEP_POINTS = 1 << 16   # memory for clouds up to this size is used again (80 MB)


cdef inline Face sorted_face(int32_t a, int32_t b, int32_t c) noexcept nogil:
    cdef Face face
    cdef int32_t high = max(a, b), low = min(a, b)
    face.longest = max(high, c)
    face.shortest = min(low, c)
    face.middle = max(low, min(high, c))
    return face


cdef inline Face cell_face(const Cell* cell, int k) noexcept nogil:
    return sorted_face(cell.edge[FACE_EDGES[k][0]], cell.edge[FACE_EDGES[k][1]],
                       cell.edge[FACE_EDGES[k][2]])


cdef inline uint64_t key_of(const Face& face) noexcept nogil:
    return make_pair(face.longest, face.middle)


cdef class LongestEdges(Edges):
    # ----------------------------------------------------------------------------------------------
    # Cells, faces and their edges
    # ----------------------------------------------------------------------------------------------

    cdef int list_cells(self) except -1 nogil:
        """List the cells of the triangulation and number their edges."""
        cdef Tetrahedron* source = self.triangulation.cell.data()
        cdef Cell* cell
        cdef Py_ssize_t i
        cdef int32_t u
        cdef int k
        self.number_cells()
        self.n_faces = 0
        self.cell.grow(self.n_cells)
        for i in range(self.triangulation.n_cells):
            if self.cell_number[i] == NONE:
                continue
            cell = &self.cell[self.cell_number[i]]
            self.number_edges(source[i].vertex, cell.edge)
            for k in range(4):
                u = self.cell_number[source[i].beside[k] >> 2]
                cell.beside[k] = NONE if u == NONE else 4 * u + (source[i].beside[k] & 3)
        return 0

    cdef int list_flat(self) except -1 nogil:
        """List the triangles of coplanar points and number their edges."""
        cdef int32_t[3] corner
        cdef Face* face
        cdef Py_ssize_t i
        self.n_cells = self.n_faces = 0
        self.start_edges(3 * self.triangulation.n_cells)
        self.face.grow(self.triangulation.n_cells)
        for i in range(self.triangulation.n_cells):
            if self.read_flat(i, corner):
                face = &self.face[self.n_faces]
                face.longest = self.number_edge(corner[0], corner[1])
                face.middle = self.number_edge(corner[0], corner[2])
                face.shortest = self.number_edge(corner[1], corner[2])
                self.n_faces += 1
        return 0

    cdef int rank_edges(self) except -1 nogil:
        """Sort the edges and replace their numbers by their ranks."""
        cdef Py_ssize_t i
        cdef int k
        cdef int32_t* rank
        cdef Cell* cell
        self.sort_edges(self.edge_value)
        rank = self.edge_rank.data()
        self.value.grow(self.n_edges)
        for i in range(self.n_edges):
            self.value[i] = self.edge_value[self.edge_order[i]]
        for i in range(self.n_cells):
            cell = &self.cell[i]
            for k in range(6):
                cell.edge[k] = rank[cell.edge[k]]
        for i in range(self.n_faces):
            self.face[i] = sorted_face(
                rank[self.face[i].longest], rank[self.face[i].middle], rank[self.face[i].shortest]
            )
        return 0

    cdef void find_keys(self) noexcept nogil:
        """Find the youngest face of each cell."""
        cdef Py_ssize_t i
        cdef uint64_t key
        cdef int k
        cdef Cell* cell
        for i in range(self.n_cells):
            cell = &self.cell[i]
            cell.creators = 0
            cell.youngest = 0
            cell.key = key_of(cell_face(cell, 0))
            for k in range(1, 4):
                key = key_of(cell_face(cell, k))
                if key > cell.key:
                    cell.key = key
                    cell.youngest = k

    # ----------------------------------------------------------------------------------------------
    # Pairs
    # ----------------------------------------------------------------------------------------------

    cdef inline void add_edge_pair(self, Pairs found, int32_t birth,
                                   int32_t death) noexcept nogil:
        """Add a pair of two edges, given by rank, unless they are one."""
        if found is not None and birth != death:
            add_edges(found, self.edge_name(self.edge_order[birth]),
                      self.edge_name(self.edge_order[death]),
                      sqrt(self.value[death]) - sqrt(self.value[birth]))

    cdef inline bint cell_before(self, int32_t t, int32_t u) noexcept nogil:
        """Whether cell t enters before cell u; the outside (n_cells) is the last."""
        if u == self.n_cells or t == self.n_cells:
            return t != self.n_cells
        return self.cell[t].key < self.cell[u].key or (
            self.cell[t].key == self.cell[u].key and t < u)

    cdef inline void mark(self, int32_t t, int k) noexcept nogil:
        """Mark face k of cell t, and of the cell beside it, as one that creates a class."""
        cdef int32_t code = self.cell[t].beside[k]
        self.cell[t].creators |= 1 << k
        if code != NONE:
            self.cell[code >> 2].creators |= 1 << (code & 3)

    cdef int pair_cells(self, Pairs found) except -1 nogil:
        """PD_2: pairs of longest edges of a triangle and of a cell; mark the triangles.

        found may be None.
        """
        cdef Buffer[int32_t] parent
        cdef Py_ssize_t i, n = 0
        cdef int32_t t, u, code, outside = <int32_t>self.n_cells
        cdef int k
        parent.grow(self.n_cells + 1)
        parent[outside] = outside
        for i in range(self.n_cells):
            t = <int32_t>i
            k = self.cell[t].youngest
            code = self.cell[t].beside[k]
            u = outside if code == NONE else code >> 2
            if self.cell_before(t, u):
                parent[t] = u
                self.mark(t, k)
            else:
                parent[t] = t
        for i in range(self.n_cells):
            t = find_root(parent, <int32_t>i)
            for k in range(4):
                code = self.cell[i].beside[k]
                # Each triangle from one side.
                if self.cell[i].creators >> k & 1 or code >> 2 > i:
                    continue
                u = find_root(parent, outside if code == NONE else code >> 2)
                if t != u:
                    self.add_item(n, key_of(cell_face(&self.cell[i], k)), <int32_t>(4 * i + k))
                    n += 1
        self.sort_items(n)
        if found is not None:
            found.reserve(n)
        for i in range(n - 1, -1, -1):
            code = self.items[i].at
            t = find_root(parent, code >> 2)
            k = code & 3
            code = self.cell[code >> 2].beside[k]
            u = find_root(parent, outside if code == NONE else code >> 2)
            if t == u:
                continue
            self.mark(self.items[i].at >> 2, k)
            if self.cell_before(u, t):
                t, u = u, t
            parent[t] = u
            self.add_edge_pair(found, <int32_t>(self.items[i].key >> 32),
                               <int32_t>(self.cell[t].key >> 32))
        return 0

    cdef int list_faces(self) except -1 nogil:
        """List the triangles that create no class."""
        cdef Py_ssize_t i
        cdef int k
        self.n_faces = 0
        for i in range(self.n_cells):
            self.face.grow(self.n_faces + 4)
            for k in range(4):
                if not self.cell[i].creators >> k & 1 and self.cell[i].beside[k] >> 2 <= i:
                    self.face[self.n_faces] = cell_face(&self.cell[i], k)
                    self.n_faces += 1
        return 0

    cdef int pair_edges(self, Pairs found) except -1 nogil:
        """PD_1: pairs of an edge and the longest edge of a triangle, from the faces listed.

        The columns of the reduction are, for each edge, the oldest triangle of which it is the
        longest (if there is one), and then the other triangles.
        """
        cdef Buffer[Face] oldest
        cdef Buffer[int32_t] rows
        cdef Buffer[int64_t] starts
        cdef Py_ssize_t i, n = 0, n_columns = 0
        cdef int32_t birth
        cdef Face face
        cdef Face* known
        oldest.grow(self.n_edges)
        for i in range(self.n_edges):
            oldest[i].longest = NONE
        for i in range(self.n_faces):
            face = self.face[i]
            known = &oldest[face.longest]
            if known.longest == NONE or face.middle < known.middle:
                known[0] = face
        for i in range(self.n_faces):
            face = self.face[i]
            if face.middle != oldest[face.longest].middle:
                self.add_item(n_columns, key_of(face), <int32_t>i)
                n_columns += 1
        self.sort_items(n_columns)
        found.reserve(n_columns)

        rows.grow(3 * (self.n_edges + n_columns))
        starts.grow(self.n_edges + n_columns + 1)
        self.reduction.reset(self.n_edges, self.n_edges + n_columns)
        for i in range(self.n_edges + n_columns):
            starts[i] = n
            if i < self.n_edges:
                face = oldest[i]
                if face.longest == NONE:
                    continue
                self.reduction.own(face.longest, <int32_t>i)
            else:
                face = self.face[self.items[i - self.n_edges].at]
            # The longest edge of a triangle joins nothing; rows that do are never the last.
            rows[n] = face.longest
            n += 1
            rows[n] = face.middle
            n += not self.negative[face.middle]
            rows[n] = face.shortest
            n += not self.negative[face.shortest]
        starts[self.n_edges + n_columns] = n
        for i in range(n_columns):
            birth = self.reduction.add(<int32_t>(self.n_edges + i), rows.data(), starts.data())
            if birth != NONE:
                self.add_edge_pair(found, birth, <int32_t>(self.items[i].key >> 32))
        return 0

    cdef int pair(self, Pairs found_0, Pairs found_1, Pairs found_2) except -1 nogil:
        """Add the pairs of a triangulation of rank 2 or 3; where found is None, none are wanted."""
        if self.triangulation.rank == 3:
            self.list_cells()
        else:
            self.list_flat()
        check_signals()
        self.rank_edges()
        check_signals()
        self.pair_vertices(self.edge_value, found_0)
        if found_1 is None and found_2 is None:
            return 0
        if self.triangulation.rank == 3:
            check_signals()
            self.find_keys()
            check_signals()
            self.pair_cells(found_2)
        if found_1 is not None:
            if self.triangulation.rank == 3:
                self.list_faces()
            check_signals()
            self.pair_edges(found_1)
        return 0


cdef Pool _idle = Pool(LongestEdges, KEEP_POINTS)


cdef LongestEdges borrow_edges():
    """Return edges to fill; give them back after use. Fresh memory is slow memory."""
    return <LongestEdges>_idle.borrow()


cdef give_back_edges(LongestEdges c):
    _idle.give_back(c, c.triangulation.n_points)
