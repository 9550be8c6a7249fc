"""Persistence of the weak Alpha filtration of points in space: which edges are paired.

What is paired
    A simplex of the Delaunay complex enters with its longest edge, edges ordered by (squared
    length, i, j): one edge is one step. A point of PD_k is the pair of edges at which its class is
    born and dies (PD_0: vertex and edge).

How, and why it is correct
    Triangles are ordered by (longest, second longest edge), which tells them apart, tetrahedra
    (cells) by their youngest triangle, then by number: faces first, so any such order gives the
    pairs of edges. PD_0: Kruskal. PD_2: by duality, components of cells joined by triangles from
    the last to the first (reduction.pyx). A cell whose youngest face has no older cell beside it
    dies there at once, a pair within a step: its triangle is never sorted, and most of the others
    join nothing any more. PD_1: triangles that bear a class of H_2 are left out. An edge and the
    oldest triangle of which it is the longest edge are a pair, within a step too: no triangle
    before has the edge. Half a triangle a point is left, sorted and reduced (reduction.pyx).

    Nothing but the edges is numbered: a triangle is the ranks of its edges, seen from its cells.

Complexity
    O(m) for m simplices, plus sorting the edges, plus the reduction: cubic in what is left at
    worst, five steps a column on uniform points. Memory about 700 bytes a point.

Papers
    Clémot, Digne, Tierny, Delaunay-Rips filtration: a study and an algorithm, 2025 (their name for
    it). Guillou, Vidal, Tierny, Discrete Morse sandwich, 2023.
"""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint64_t

from ..._utils.buffer cimport Buffer
from .triangulation3 cimport Tetrahedron, Triangulation
from .edges3 cimport Edges, length_rows
from ..._persistence cimport Reduction
from ..._persistence cimport find_root

cdef enum:
    NONE = -1

# The two vertices of each edge of a tetrahedron, and the edges of the face opposite each vertex.
cdef int[6][2] ENDS = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
cdef int[4][3] FACE_EDGES = [[5, 4, 3], [5, 2, 1], [4, 2, 0], [3, 1, 0]]


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
    return (<uint64_t>face.longest << 32) | <uint64_t>face.middle


cdef class LongestEdges(Edges):
    # ----------------------------------------------------------------------------------------------
    # Cells, faces and their edges
    # ----------------------------------------------------------------------------------------------

    cdef int list_cells(self) except -1 nogil:
        """List the cells of the triangulation and number their edges."""
        cdef Tetrahedron* source = self.triangulation.cell.data()
        cdef int32_t ghost = self.triangulation.ghost
        cdef Py_ssize_t i, n_hull = 0, n_vertices = 0
        cdef Buffer[int32_t] number
        cdef Cell* cell
        cdef int32_t n = 0, u
        cdef int32_t* v
        cdef int k
        number.grow(self.triangulation.n_cells)
        for i in range(self.triangulation.n_cells):
            number[i] = NONE
            if source[i].vertex[0] != NONE:
                if source[i].vertex[3] == ghost:
                    n_hull += 1
                else:
                    number[i] = n
                    n += 1
        self.n_cells = n
        for i in range(self.triangulation.n_points):
            n_vertices += self.triangulation.twin[i] == i
        # Of triangles there are (4 n + n_hull) / 2, and a ball has Euler characteristic 1.
        self.start_edges(n_vertices + (4 * self.n_cells + n_hull) // 2 - self.n_cells - 1)
        self.cell.grow(n)
        for i in range(self.triangulation.n_cells):
            if number[i] == NONE:
                continue
            cell = &self.cell[number[i]]
            v = source[i].vertex
            for k in range(6):
                cell.edge[k] = self.number_edge(v[ENDS[k][0]], v[ENDS[k][1]])
            for k in range(4):
                u = number[source[i].beside[k] >> 2]
                cell.beside[k] = NONE if u == NONE else 4 * u + (source[i].beside[k] & 3)
        return 0

    cdef int list_flat(self) except -1 nogil:
        """List the triangles of coplanar points: cells without the point beside their plane."""
        cdef Tetrahedron* source = self.triangulation.cell.data()
        cdef int32_t ghost = self.triangulation.ghost
        cdef int32_t beside = <int32_t>self.triangulation.n_points
        cdef int32_t[3] corner
        cdef Py_ssize_t i
        cdef int k, j
        self.start_edges(3 * self.triangulation.n_cells)
        self.face.grow(self.triangulation.n_cells)
        for i in range(self.triangulation.n_cells):
            if source[i].vertex[0] == NONE or source[i].vertex[3] == ghost:
                continue
            j = 0
            for k in range(4):
                if source[i].vertex[k] != beside:
                    corner[j] = source[i].vertex[k]
                    j += 1
            self.face[self.n_faces].longest = self.number_edge(corner[0], corner[1])
            self.face[self.n_faces].middle = self.number_edge(corner[0], corner[2])
            self.face[self.n_faces].shortest = self.number_edge(corner[1], corner[2])
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

    cdef inline bint spans(self, int32_t birth, int32_t death) noexcept nogil:
        """Whether two ranks make a point of the diagram."""
        return birth != death if self.keep_zero else self.value[birth] < self.value[death]

    cdef inline bint cell_before(self, int32_t t, int32_t u) noexcept nogil:
        """Whether cell t enters before cell u; the outside (n_cells) is the last."""
        if u == self.n_cells or t == self.n_cells:
            return t != self.n_cells
        return self.cell[t].key < self.cell[u].key or (
            self.cell[t].key == self.cell[u].key and t < u)

    cdef inline void mark(self, int32_t t, int k) noexcept nogil:
        """Mark face k of cell t, and of the cell beside it, as one that bears a class."""
        cdef int32_t code = self.cell[t].beside[k]
        self.cell[t].creators |= 1 << k
        if code != NONE:
            self.cell[code >> 2].creators |= 1 << (code & 3)

    cdef int pair_cells(self) except -1 nogil:
        """PD_2: pairs of longest edges of a triangle and of a cell; mark the triangles."""
        cdef Buffer[int32_t] parent
        cdef Py_ssize_t i, n = 0
        cdef int32_t t, u, code, birth, death, outside = <int32_t>self.n_cells
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
        self.pairs2.grow(n)
        self.n_pairs2 = 0
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
            birth = <int32_t>(self.items[i].key >> 32)
            death = <int32_t>(self.cell[t].key >> 32)
            if self.spans(birth, death):
                self.pairs2[self.n_pairs2].minus_length = (
                    sqrt(self.value[birth]) - sqrt(self.value[death]))
                self.pairs2[self.n_pairs2].birth = birth
                self.pairs2[self.n_pairs2].death = death
                self.n_pairs2 += 1
        return 0

    cdef int list_faces(self) except -1 nogil:
        """List the triangles that bear no class."""
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

    cdef int pair_edges(self, Reduction reduction) except -1 nogil:
        """PD_1: pairs of an edge and the longest edge of a triangle, from the faces listed.

        The columns of the reduction are, for each edge, the oldest triangle of which it is the
        longest (if there is one), and then the other triangles.
        """
        cdef Buffer[Face] oldest
        cdef Buffer[int32_t] rows
        cdef Buffer[int64_t] starts
        cdef Py_ssize_t i, n = 0, n_columns = 0
        cdef int32_t birth, death
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
        self.pairs1.grow(n_columns)
        self.n_pairs1 = 0

        rows.grow(3 * (self.n_edges + n_columns))
        starts.grow(self.n_edges + n_columns + 1)
        reduction.reset(self.n_edges, self.n_edges + n_columns)
        for i in range(self.n_edges + n_columns):
            starts[i] = n
            if i < self.n_edges:
                face = oldest[i]
                if face.longest == NONE:
                    continue
                reduction.own(face.longest, <int32_t>i)
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
            birth = reduction.add(<int32_t>(self.n_edges + i), rows.data(), starts.data())
            death = <int32_t>(self.items[i].key >> 32)
            if birth != NONE and self.spans(birth, death):
                self.pairs1[self.n_pairs1].minus_length = (
                    sqrt(self.value[birth]) - sqrt(self.value[death]))
                self.pairs1[self.n_pairs1].birth = birth
                self.pairs1[self.n_pairs1].death = death
                self.n_pairs1 += 1
        return 0


cdef enum:
    KEEP_POINTS = 1 << 16   # memory for clouds up to this size is used again (80 MB)

_idle = []


cdef LongestEdges borrow_edges(bint keep_zero):
    """Return a complex without contents; give it back after use. Fresh memory is slow memory."""
    cdef LongestEdges c
    try:
        c = _idle.pop()
    except IndexError:
        c = LongestEdges(Triangulation(), keep_zero)
    c.keep_zero = keep_zero
    c.n_cells = c.n_faces = 0
    c.n_pairs0 = c.n_pairs1 = c.n_pairs2 = 0
    return c


cdef give_back_edges(LongestEdges c):
    if c.triangulation.n_points <= KEEP_POINTS:
        _idle.append(c)


cdef dict pair_longest_edges(LongestEdges c, dims):
    """Return {dim: rows of the ends of both edges} for a triangulation of rank 2 or 3."""
    cdef bint higher = 1 in dims or 2 in dims
    cdef Reduction reduction = Reduction()
    with nogil:
        if c.triangulation.rank == 3:
            c.list_cells()
        else:
            c.list_flat()
        c.rank_edges()
        c.pair_vertices(c.edge_value)
        if higher and c.triangulation.rank == 3:
            c.find_keys()
            c.pair_cells()
    rows = {}
    if 0 in dims:
        rows[0] = length_rows(c, c.pairs0, c.n_pairs0, True)
    if 1 in dims:
        with nogil:
            if c.triangulation.rank == 3:
                c.list_faces()
            c.pair_edges(reduction)
        rows[1] = length_rows(c, c.pairs1, c.n_pairs1, False)
    if 2 in dims:
        rows[2] = length_rows(c, c.pairs2, c.n_pairs2, False)
    return rows
