"""The lower star of a voxel, paired once for every pattern of older neighbours.

The cells that enter a filtration together with voxel v, because v is their youngest vertex, are v
joined to the cells of its lower link: the subcomplex L of a triangulated sphere (14 vertices for
the Freudenthal triangulation, an octahedron for cubes) that the older neighbours span. Which cells
they are depends on the pattern of older neighbours alone, so they are paired in advance:

- A breadth-first forest of L, components in the order of their smallest direction. v is paired
  with the edge to the first root; the edge to a later root is critical (it can join components);
  the edge (v, d) to any other vertex d is paired with the triangle or square (v, d, p), p the
  parent of d.
- Link edges outside the forest are triangles or squares at v. As long as one of them borders
  exactly one link triangle that is not paired, it is paired with the tetrahedron or cube of that
  triangle and v. No tetrahedron or cube is left in the end, or one if L is the whole sphere (a
  maximum). Link edges that are left are critical triangles or squares. There is one for each loop
  of L, and none can be spared: the pairing is perfect.

Edges enter in the order of the forest, each with its partner, and roots in the order of their
directions. So (v, d) is the youngest edge of its triangle or square, and the pairing is a discrete
gradient (Robins, Wood, Sheppard, Theory and algorithms for constructing discrete Morse complexes
from grayscale digital images, 2011).

A code is the number of a pattern, which is a row of the table. Freudenthal: it is the mask of older
neighbours, 14 bits. Cubical (values on vertices): a square enters with v if its three other
vertices are older; a code stands for the edges and squares that do, which have far fewer patterns
than 2^18. Bits of a cubical mask: 6 edges, 12 diagonals of squares, 8 diagonals of cubes.
"""

from itertools import combinations, product
from threading import Lock

from libc.stdint cimport int8_t, uint8_t, uint16_t, uint32_t, uint64_t

from ..._utils.bits cimport count_bits, lowest_bit

cdef enum:
    FULL = (1 << 14) - 1
    ALL_26 = (1 << 26) - 1

# In each group, the first half are the neighbours with a smaller index, which are older if their
# values are equal; each of the others is the opposite of one of these.
FREUDENTHAL = tuple(
    offset for offset in product((-1, 0, 1), repeat=3) if any(offset) and len({*offset, 0}) == 2
)
_CUBE = tuple(
    tuple(o for o in product((-1, 0, 1), repeat=3) if sum(map(abs, o)) == size)
    for size in (1, 2, 3)
)
CUBICAL = _CUBE[0] + _CUBE[1] + _CUBE[2]

_lock = Lock()
cdef StarTable _freudenthal = None
cdef StarTable _cubical = None

# The octahedron: squares at v as link edges, cubes at v as link triangles.
cdef uint8_t[12][2] square_edges
cdef uint16_t[8] cube_squares


cdef int grow_forest(uint32_t present, const uint16_t* adjacent, uint64_t* forest,
                     uint16_t* critical, uint64_t* used, const int8_t* link_edge,
                     int n) noexcept nogil:
    """Fill a forest of the graph of a lower link; return the number of components.

    adjacent: direction -> directions joined to it. link_edge: (a * n + b) -> number of a link edge.
    used: bits of the link edges in the forest.
    """
    cdef uint8_t[14] queue
    cdef int head, tail, d, neighbour, n_components = 0
    cdef uint32_t left = present, reached
    forest[0] = 0
    critical[0] = 0
    used[0] = 0
    while left:
        d = lowest_bit(left)
        left &= left - 1
        forest[0] |= <uint64_t>ROOT << (4 * d)
        if n_components:
            critical[0] |= <uint16_t>(1 << d)
        n_components += 1
        queue[0] = <uint8_t>d
        head, tail = 0, 1
        while head < tail:
            d = queue[head]
            head += 1
            reached = adjacent[d] & left
            left &= ~reached
            while reached:
                neighbour = lowest_bit(reached)
                reached &= reached - 1
                forest[0] |= <uint64_t>d << (4 * neighbour)
                used[0] |= <uint64_t>1 << link_edge[d * n + neighbour]
                queue[tail] = <uint8_t>neighbour
                tail += 1
    return n_components


cdef uint64_t collapse(uint64_t edges, uint32_t triangles, const uint32_t* of_edge,
                       int n_edges) noexcept nogil:
    """Remove link edges together with their only triangle; return the edges that are left."""
    cdef bint changed = True
    cdef uint32_t sides
    cdef int edge
    while changed and triangles:
        changed = False
        for edge in range(n_edges):
            sides = of_edge[edge] & triangles
            if edges >> edge & 1 and sides and not sides & (sides - 1):
                triangles &= ~sides
                edges &= ~(<uint64_t>1 << edge)
                changed = True
    return edges


cdef uint8_t make_link(int n_arcs, uint32_t present, int direction) noexcept nogil:
    """Return the direction of an arc and whether the voxel is special, in one byte."""
    if not present:
        return NO_ARC | SPECIAL
    return <uint8_t>(direction | (SPECIAL if n_arcs > 1 else 0))


cdef StarTable make_freudenthal():
    cdef StarTable table = StarTable()
    cdef int8_t[14 * 14] link_edge
    cdef uint8_t[36][2] edge_ends
    cdef uint32_t[36] of_edge
    cdef uint32_t[24] corners
    cdef int a, b, c, edge, triangle, n_edges = 0, n_triangles = 0, n_components
    cdef uint32_t mask, present, flipped, n_cells = 0
    cdef uint32_t triangles
    cdef uint64_t in_forest, edges
    table.n_directions = 14
    table.n_codes = FULL + 1
    number = {offset: d for d, offset in enumerate(FREUDENTHAL)}
    for a in range(14):
        table.adjacent[a] = 0
        for b in range(14):
            table.between[a][b] = number.get(
                tuple(y - x for x, y in zip(FREUDENTHAL[a], FREUDENTHAL[b], strict=True)), -1
            )
            link_edge[14 * a + b] = -1
            if table.between[a][b] >= 0:
                table.adjacent[a] |= <uint16_t>(1 << b)
    for a, b in combinations(range(14), 2):
        if table.adjacent[a] >> b & 1:
            link_edge[14 * a + b] = link_edge[14 * b + a] = <int8_t>n_edges
            edge_ends[n_edges][0], edge_ends[n_edges][1] = <uint8_t>a, <uint8_t>b
            of_edge[n_edges] = 0
            n_edges += 1
    for a, b, c in combinations(range(14), 3):
        if table.adjacent[a] >> b & 1 and table.adjacent[a] >> c & 1 and table.adjacent[b] >> c & 1:
            corners[n_triangles] = 1u << a | 1u << b | 1u << c
            for edge in (link_edge[14 * a + b], link_edge[14 * a + c], link_edge[14 * b + c]):
                of_edge[edge] |= 1u << n_triangles
            n_triangles += 1

    table.forest.grow(table.n_codes)
    table.up.grow(table.n_codes)
    table.critical.grow(table.n_codes)
    table.down.grow(table.n_codes)
    table.down_critical.grow(table.n_codes)
    table.n_cells.grow(table.n_codes)
    table.first_cell.grow(table.n_codes)
    table.cells.grow(5 * table.n_codes)     # no lower link has more than five loops
    for mask in range(FULL + 1):
        n_components = grow_forest(mask, table.adjacent, &table.forest[mask],
                                   &table.critical[mask], &in_forest, link_edge, 14)
        table.up[mask] = make_link(n_components, mask, lowest_bit(mask | 1u << 14))
        edges, triangles = 0, 0
        for edge in range(n_edges):
            present = 1u << edge_ends[edge][0] | 1u << edge_ends[edge][1]
            if mask & present == present:
                edges |= <uint64_t>1 << edge
        for triangle in range(n_triangles):
            if mask & corners[triangle] == corners[triangle]:
                triangles |= 1u << triangle
        if mask == FULL:
            triangles &= triangles - 1      # a maximum: one tetrahedron is critical
        edges = collapse(edges & ~in_forest, triangles, of_edge, n_edges)
        table.first_cell[mask] = n_cells
        for edge in range(n_edges):
            if edges >> edge & 1:
                table.cells[n_cells] = <uint8_t>(edge_ends[edge][0] | edge_ends[edge][1] << 4)
                n_cells += 1
        table.n_cells[mask] = <uint8_t>(n_cells - table.first_cell[mask])
    # Downwards, younger neighbours are met first, and all directions are turned about.
    for mask in range(FULL + 1):
        flipped = flip(FULL & ~mask)
        table.down_critical[mask] = <uint16_t>flip(table.critical[flipped])
        table.down[mask] = table.up[flipped]
        if flipped:
            table.down[mask] = (table.up[flipped] & SPECIAL) | <uint8_t>(
                13 - (table.up[flipped] & NO_ARC)
            )
    return table


cdef uint32_t flip(uint32_t mask) noexcept nogil:
    """Turn directions about: bit d becomes bit 13 - d."""
    cdef uint32_t out = 0
    cdef int d
    for d in range(14):
        out |= (mask >> d & 1) << (13 - d)
    return out


cdef StarTable make_cubical():
    cdef StarTable table = StarTable()
    cdef uint16_t[6] adjacent
    cdef int8_t[36] link_edge
    cdef int a, b, i, n_components, s
    cdef uint32_t edges, squares, code = 0
    cdef uint32_t[27] beside
    cdef uint64_t in_forest
    for a in range(27):
        beside[a] = 0
    number = {offset: d for d, offset in enumerate(CUBICAL)}
    for a, b in combinations(range(6), 2):
        if a + b != 5:      # else they are opposite
            diagonal = tuple(x + y for x, y in zip(CUBICAL[a], CUBICAL[b], strict=True))
            s = number[diagonal] - 6
            square_edges[s][0], square_edges[s][1] = <uint8_t>a, <uint8_t>b
    for i, corner in enumerate(CUBICAL[18:]):
        cube_squares[i] = 0
        for s, diagonal in enumerate(CUBICAL[6:18]):
            if all(x in (0, y) for x, y in zip(diagonal, corner, strict=True)):
                cube_squares[i] |= <uint16_t>(1 << s)
    for edges in range(64):
        table.squares[edges] = 0
        for s in range(12):
            if edges >> square_edges[s][0] & edges >> square_edges[s][1] & 1:
                table.squares[edges] |= <uint16_t>(1 << s)
    for a, b in product(range(26), repeat=2):
        if max(abs(x - y) for x, y in zip(CUBICAL[a], CUBICAL[b], strict=True)) <= 1:
            beside[a] |= 1u << b
    for i in range(3):
        for edges in range(512):
            table.near[i][edges] = 0
            for a in range(9):
                if edges >> a & 1:
                    table.near[i][edges] |= beside[9 * i + a]

    table.n_directions = 6
    table.code_of.grow(1 << 18)
    for edges in range(64):
        for squares in range(1 << 12):
            if squares & ~table.squares[edges]:
                continue
            table.code_of[edges | squares << 6] = <uint16_t>code
            table.forest.grow(code + 1)
            table.joined.grow(code + 1)
            table.cubes.grow(code + 1)
            table.n_faces.grow(code + 1)
            table.up.grow(code + 1)
            table.critical.grow(code + 1)
            for a in range(6):
                adjacent[a] = 0
            for s in range(12):
                a, b = square_edges[s][0], square_edges[s][1]
                link_edge[6 * a + b] = link_edge[6 * b + a] = <int8_t>s
                if squares >> s & 1:
                    adjacent[a] |= <uint16_t>(1 << b)
                    adjacent[b] |= <uint16_t>(1 << a)
            n_components = grow_forest(edges, adjacent, &table.forest[code],
                                       &table.critical[code], &in_forest, link_edge, 6)
            table.joined[code] = 0
            for a in range(6):
                table.joined[code] |= <uint64_t>adjacent[a] << (8 * a)
            table.cubes[code] = 0
            for i in range(8):
                if squares & cube_squares[i] == cube_squares[i]:
                    table.cubes[code] |= <uint8_t>(1 << i)
            # Younger neighbours have one component more than the lower link has loops (Alexander
            # duality), which its Euler characteristic counts; a whole sphere, of 8, has none left.
            table.n_faces[code] = <uint8_t>(n_components - count_bits(edges) + count_bits(squares))
            table.up[code] = make_link(n_components, edges, lowest_bit(edges | 64))
            code += 1
    table.n_codes = code
    return table


cdef int critical_squares(StarTable table, uint32_t mask, uint8_t* found) noexcept nogil:
    """Write the critical squares a | b << 4 of a voxel with this mask to found; return how many."""
    cdef uint32_t squares = mask >> 6 & table.squares[mask & 63], cubes = 0, left
    cdef uint32_t[12] of_square
    cdef uint64_t forest = table.forest[table.code_of[(mask & 63) | squares << 6]]
    cdef int s, cube, a, b, n = 0
    for cube in range(8):
        if mask >> (18 + cube) & 1 and squares & cube_squares[cube] == cube_squares[cube]:
            cubes |= 1u << cube
    if mask == ALL_26:
        cubes &= cubes - 1      # a maximum: one cube is critical
    left = 0
    for s in range(12):
        a, b = square_edges[s][0], square_edges[s][1]
        of_square[s] = 0
        for cube in range(8):
            of_square[s] |= (<uint32_t>cube_squares[cube] >> s & 1) << cube
        if squares >> s & 1 and (forest >> (4 * a) & 15) != <uint64_t>b \
                and (forest >> (4 * b) & 15) != <uint64_t>a:
            left |= 1u << s
    left = <uint32_t>collapse(left, cubes, of_square, 12)
    while left:
        s = lowest_bit(left)
        left &= left - 1
        found[n] = <uint8_t>(square_edges[s][0] | square_edges[s][1] << 4)
        n += 1
    return n


cdef StarTable freudenthal_table():
    """Return the table of the Freudenthal triangulation, made when first asked for."""
    global _freudenthal
    if _freudenthal is None:
        with _lock:
            if _freudenthal is None:
                _freudenthal = make_freudenthal()
    return _freudenthal


cdef StarTable cubical_table():
    """Return the table of cubes with values on vertices, made when first asked for."""
    global _cubical
    if _cubical is None:
        with _lock:
            if _cubical is None:
                _cubical = make_cubical()
    return _cubical


def describe_tables():
    """Return what tests check of each pattern: (Freudenthal rows, cubical rows).

    A Freudenthal row is (mask, critical edges, critical triangles, arcs down); a cubical row
    (mask of 26, critical edges, critical squares), for a sample of masks.
    """
    cdef StarTable freudenthal = freudenthal_table(), cubical = cubical_table()
    cdef uint32_t mask, squares
    cdef uint8_t[12] found
    rows = [
        (
            mask,
            bin(freudenthal.critical[mask]).count("1"),
            freudenthal.n_cells[mask],
            bin(freudenthal.down_critical[mask]).count("1"),
        )
        for mask in range(FULL + 1)
    ]
    cubes = []
    for step in range(0, ALL_26 + 1, 6101):
        mask = step
        squares = mask >> 6 & cubical.squares[mask & 63]
        code = cubical.code_of[(mask & 63) | squares << 6]
        critical = bin(cubical.critical[code]).count("1")
        cubes.append((mask, critical, critical_squares(cubical, mask, found)))
    return rows, cubes
