// Bit rows: sets of vertices, one bit for each, and the loops over them that vector instructions
// speed up. Their memory comes from pools, in which a row never moves: rows are taken and given back
// while classes of homology are created and destroyed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "bits.h"
#include "dispatch.h"

typedef std::uint64_t Word;

static inline bool has_bit(const Word *row, std::ptrdiff_t v) { return row[v >> 6] >> (v & 63) & 1; }
static inline void flip_bit(Word *row, std::ptrdiff_t v) { row[v >> 6] ^= Word(1) << (v & 63); }

// Words of a row of n bits: 4, or a multiple of 8, so that loops have no tail.
static inline std::ptrdiff_t row_words(std::ptrdiff_t n) {
    return n <= 256 ? 4 : (n + 511) / 512 * 8;
}

// Pieces of memory of one size, zeroed up to n_zero words when taken. They count against bytes_left,
// which several pools share.
class RowPool {
  public:
    void reset(std::ptrdiff_t n_words, std::ptrdiff_t n_zero, std::ptrdiff_t *bytes_left) {
        n_words_ = n_words;
        n_zero_ = n_zero;
        bytes_left_ = bytes_left;
    }
    Word *take_raw() {
        if (free_.empty()) refill();
        Word *piece = free_.back();
        free_.pop_back();
        return piece;
    }
    Word *take() {
        Word *piece = take_raw();
        std::memset(piece, 0, static_cast<std::size_t>(n_zero_) * sizeof(Word));
        return piece;
    }
    void give(Word *piece) { free_.push_back(piece); }  // has room: refill reserved it

  private:
    void refill() {
        const std::ptrdiff_t n = std::max<std::ptrdiff_t>(1, std::min<std::ptrdiff_t>(
            64 * (1 + static_cast<std::ptrdiff_t>(chunks_.size())), (1 << 18) / n_words_));
        *bytes_left_ -= n * n_words_ * static_cast<std::ptrdiff_t>(sizeof(Word));
        if (*bytes_left_ < 0) throw std::bad_alloc();
        chunks_.reserve(chunks_.size() + 1);
        n_pieces_ += n;
        free_.reserve(static_cast<std::size_t>(n_pieces_));
        chunks_.emplace_back(new Word[static_cast<std::size_t>(n * n_words_)]);
        for (std::ptrdiff_t i = n; i-- > 0;) free_.push_back(chunks_.back().get() + i * n_words_);
    }
    std::ptrdiff_t n_words_ = 1, n_zero_ = 1, n_pieces_ = 0;
    std::ptrdiff_t *bytes_left_ = nullptr;
    std::vector<std::unique_ptr<Word[]>> chunks_;
    std::vector<Word *> free_;
};

// --------------------------------------------------------------------------------------------------
// Lenses: the common neighbours of the two ends of an edge
// --------------------------------------------------------------------------------------------------

SKLTOPO_INLINE bool rows_meet(const Word *a, const Word *b, std::ptrdiff_t n_words) {
    if (n_words == 4) return (a[0] & b[0]) | (a[1] & b[1]) | (a[2] & b[2]) | (a[3] & b[3]);
    for (std::ptrdiff_t w = 0; w < n_words; w += 8) {
        Word any = 0;
        for (int k = 0; k < 8; k++) any |= a[w + k] & b[w + k];
        if (any) return true;
    }
    return false;
}

// An edge {i, j} is packed as i << 16 | j in the low half of an item.
static inline std::ptrdiff_t first_end(Word item) { return item >> 16 & 0xffff; }
static inline std::ptrdiff_t second_end(Word item) { return item & 0xffff; }

static inline void insert_edge(Word *rows, std::ptrdiff_t n_words, Word item) {
    const std::ptrdiff_t u = first_end(item), v = second_end(item);
    flip_bit(rows + u * n_words, v);
    flip_bit(rows + v * n_words, u);
}

SKLTOPO_INLINE bool is_quiet(Word item, const Word *rows, std::ptrdiff_t n_words,
                             const std::uint8_t *touched) {
    const std::ptrdiff_t u = first_end(item), v = second_end(item);
    return !(touched[u] | touched[v]) && rows_meet(rows + u * n_words, rows + v * n_words, n_words);
}

// Whether all items are quiet: their lenses hold a vertex, and no living class touches their ends.
SKLTOPO_INLINE bool all_quiet_body(const Word *items, std::ptrdiff_t n_items, const Word *rows,
                                   std::ptrdiff_t n_words, const std::uint8_t *touched) {
    for (std::ptrdiff_t i = 0; i < n_items; i++)
        if (!is_quiet(items[i], rows, n_words, touched)) return false;
    return true;
}
SKLTOPO_VARIANTS(bool, all_quiet,
                 (const Word *items, std::ptrdiff_t n_items, const Word *rows,
                  std::ptrdiff_t n_words, const std::uint8_t *touched),
                 (items, n_items, rows, n_words, touched))

// Insert quiet items one by one; return the position of the first that is not, or end.
SKLTOPO_INLINE std::ptrdiff_t insert_quiet_body(const Word *items, std::ptrdiff_t begin,
                                                std::ptrdiff_t end, Word *rows,
                                                std::ptrdiff_t n_words,
                                                const std::uint8_t *touched) {
    for (; begin < end; begin++) {
        if (!is_quiet(items[begin], rows, n_words, touched)) break;
        insert_edge(rows, n_words, items[begin]);
    }
    return begin;
}
SKLTOPO_VARIANTS(std::ptrdiff_t, insert_quiet,
                 (const Word *items, std::ptrdiff_t begin, std::ptrdiff_t end, Word *rows,
                  std::ptrdiff_t n_words, const std::uint8_t *touched),
                 (items, begin, end, rows, n_words, touched))

// lens = a & b; its lowest bit, or -1.
SKLTOPO_INLINE std::ptrdiff_t find_lens_body(const Word *a, const Word *b, Word *lens,
                                             std::ptrdiff_t n_words) {
    for (std::ptrdiff_t w = 0; w < n_words; w++) lens[w] = a[w] & b[w];
    for (std::ptrdiff_t w = 0; w < n_words; w++)
        if (lens[w]) return 64 * w + lowest_bit(lens[w]);
    return -1;
}
SKLTOPO_VARIANTS(std::ptrdiff_t, find_lens,
                 (const Word *a, const Word *b, Word *lens, std::ptrdiff_t n_words),
                 (a, b, lens, n_words))

// A living class of H_1 at the edge (u, v) that enters: x holds the vertices w of the lens such that
// the sum of its cocycle on u w and w v is 1.
struct HoleAtEdge {
    std::int32_t g;
    Word *x;
    Word value;  // the cocycle on the edge itself, 0 or 1
};

// x = row & lens, or x ^= row & lens.
SKLTOPO_INLINE void mask_row_body(const Word *row, const Word *lens, Word *x,
                                  std::ptrdiff_t n_words) {
    for (std::ptrdiff_t w = 0; w < n_words; w++) x[w] = row[w] & lens[w];
}
SKLTOPO_VARIANTS(void, mask_row,
                 (const Word *row, const Word *lens, Word *x, std::ptrdiff_t n_words),
                 (row, lens, x, n_words))

SKLTOPO_INLINE void add_masked_row_body(const Word *row, const Word *lens, Word *x,
                                        std::ptrdiff_t n_words) {
    for (std::ptrdiff_t w = 0; w < n_words; w++) x[w] ^= row[w] & lens[w];
}
SKLTOPO_VARIANTS(void, add_masked_row,
                 (const Word *row, const Word *lens, Word *x, std::ptrdiff_t n_words),
                 (row, lens, x, n_words))

// row ^= added; whether anything remains.
SKLTOPO_INLINE bool add_row_body(Word *row, const Word *added, std::ptrdiff_t n_words) {
    Word some = 0;
    for (std::ptrdiff_t w = 0; w < n_words; w++) some |= row[w] ^= added[w];
    return some != 0;
}
SKLTOPO_VARIANTS(bool, add_row, (Word * row, const Word *added, std::ptrdiff_t n_words),
                 (row, added, n_words))

// A vertex w of the lens such that, for some class, x at w is not its value on the edge; or -1.
SKLTOPO_INLINE std::ptrdiff_t find_contradiction_body(const HoleAtEdge *holes,
                                                      std::ptrdiff_t n_holes, const Word *lens,
                                                      std::ptrdiff_t n_words) {
    for (std::ptrdiff_t i = 0; i < n_holes; i++) {
        const Word *x = holes[i].x, flip = Word(0) - holes[i].value;
        for (std::ptrdiff_t w = 0; w < n_words; w += 4) {
            Word bad[4], any = 0;
            for (int k = 0; k < 4; k++) any |= bad[k] = (x[w + k] ^ flip) & lens[w + k];
            if (!any) continue;
            for (int k = 0;; k++)
                if (bad[k]) return 64 * (w + k) + lowest_bit(bad[k]);
        }
    }
    return -1;
}
SKLTOPO_VARIANTS(std::ptrdiff_t, find_contradiction,
                 (const HoleAtEdge *holes, std::ptrdiff_t n_holes, const Word *lens,
                  std::ptrdiff_t n_words),
                 (holes, n_holes, lens, n_words))

// A vertex of the lens outside all x if there is one, otherwise its first vertex.
SKLTOPO_INLINE std::ptrdiff_t first_free_body(const HoleAtEdge *holes, std::ptrdiff_t n_holes,
                                              const Word *lens, std::ptrdiff_t n_words) {
    std::ptrdiff_t any = -1;
    for (std::ptrdiff_t w = 0; w < n_words; w++) {
        Word left = lens[w];
        if (left && any < 0) any = 64 * w + lowest_bit(left);
        for (std::ptrdiff_t i = 0; i < n_holes; i++) left &= ~holes[i].x[w];
        if (left) return 64 * w + lowest_bit(left);
    }
    return any;
}
SKLTOPO_VARIANTS(std::ptrdiff_t, first_free,
                 (const HoleAtEdge *holes, std::ptrdiff_t n_holes, const Word *lens,
                  std::ptrdiff_t n_words),
                 (holes, n_holes, lens, n_words))

// --------------------------------------------------------------------------------------------------
// Components of the graph inside a lens, with the potentials of classes of H_2
// --------------------------------------------------------------------------------------------------

// A sparse symmetric set of rows: row[w] exists where mask has bit w. It is one piece of memory:
// n_words of mask, then n pointers, then its place in the list of a vertex.
static inline Word **set_rows(const Word *set, std::ptrdiff_t n_words) {
    return reinterpret_cast<Word **>(const_cast<Word *>(set) + n_words);
}

static inline Word *set_place(Word *set, std::ptrdiff_t n_words, std::ptrdiff_t n) {
    return set + n_words + n;
}

// A living class of H_2 at the edge (u, v) that enters: x[w] holds the w' such that its cocycle
// differs on the triangles u w w' and v w w', and phi its values on the triangles u v w.
struct VoidAtEdge {
    std::int32_t z;
    Word *phi;
    Word *x;  // a set of rows
};

// Search the component of start breadth first, and carry phi of the classes along. Visited vertices
// are moved from unvisited to component. Returns whether no unvisited vertex remains.
template <bool WITH_CLASSES>
SKLTOPO_INLINE bool grow(const Word *rows, std::ptrdiff_t n_words, std::ptrdiff_t start,
                         Word *unvisited, Word *frontier, Word *component, VoidAtEdge *classes,
                         std::ptrdiff_t n_classes) {
    for (std::ptrdiff_t w = 0; w < n_words; w++) component[w] = frontier[w] = 0;
    flip_bit(frontier, start);
    flip_bit(unvisited, start);
    std::ptrdiff_t at = start >> 6;
    for (;;) {
        while (at < n_words && !frontier[at]) at++;
        if (at == n_words) return false;
        const std::ptrdiff_t z = 64 * at + lowest_bit(frontier[at]);
        const Word *row = rows + z * n_words;
        flip_bit(frontier, z);
        flip_bit(component, z);
        if (WITH_CLASSES)
            for (std::ptrdiff_t i = 0; i < n_classes; i++) {
                Word *phi = classes[i].phi;
                const Word flip = Word(0) - Word(has_bit(phi, z));
                if (has_bit(classes[i].x, z)) {
                    const Word *x = set_rows(classes[i].x, n_words)[z];
                    for (std::ptrdiff_t w = 0; w < n_words; w++)
                        phi[w] |= row[w] & unvisited[w] & (x[w] ^ flip);
                } else if (flip)
                    for (std::ptrdiff_t w = 0; w < n_words; w++) phi[w] |= row[w] & unvisited[w];
            }
        Word left = 0, before = 0;
        for (std::ptrdiff_t w = 0; w < n_words; w++) {
            const Word reached = row[w] & unvisited[w];
            frontier[w] |= reached;
            unvisited[w] ^= reached;
            left |= unvisited[w];
        }
        if (!left) {
            for (std::ptrdiff_t w = 0; w < n_words; w++) component[w] |= frontier[w];
            return true;
        }
        for (std::ptrdiff_t w = 0; w < at; w++) before |= frontier[w];
        if (before) at = 0;
    }
}

SKLTOPO_INLINE bool grow_component_body(const Word *rows, std::ptrdiff_t n_words,
                                        std::ptrdiff_t start, Word *unvisited, Word *frontier,
                                        Word *component, VoidAtEdge *classes,
                                        std::ptrdiff_t n_classes) {
    if (n_classes == 0) {
        if (n_words == 4)
            return grow<false>(rows, 4, start, unvisited, frontier, component, classes, 0);
        if (n_words == 8)
            return grow<false>(rows, 8, start, unvisited, frontier, component, classes, 0);
        return grow<false>(rows, n_words, start, unvisited, frontier, component, classes, 0);
    }
    if (n_words == 4)
        return grow<true>(rows, 4, start, unvisited, frontier, component, classes, n_classes);
    if (n_words == 8)
        return grow<true>(rows, 8, start, unvisited, frontier, component, classes, n_classes);
    return grow<true>(rows, n_words, start, unvisited, frontier, component, classes, n_classes);
}
SKLTOPO_VARIANTS(bool, grow_component,
                 (const Word *rows, std::ptrdiff_t n_words, std::ptrdiff_t start, Word *unvisited,
                  Word *frontier, Word *component, VoidAtEdge *classes, std::ptrdiff_t n_classes),
                 (rows, n_words, start, unvisited, frontier, component, classes, n_classes))

// Fill x from the sets a and b of a class at u and at v (either may be null): x[w] is
// (a[w] ^ b[w]) & lens, a row from pool, where that is not empty. False if all are empty.
SKLTOPO_INLINE bool difference_rows(const Word *a, const Word *b, const Word *lens,
                                    std::ptrdiff_t n_words, Word *x, RowPool *pool) {
    bool any = false;
    Word *row = nullptr;
    for (std::ptrdiff_t at = 0; at < n_words; at++) {
        Word left = ((a ? a[at] : 0) | (b ? b[at] : 0)) & lens[at];
        for (; left; left &= left - 1) {
            const std::ptrdiff_t w = 64 * at + lowest_bit(left);
            const Word *p = a && has_bit(a, w) ? set_rows(a, n_words)[w] : nullptr;
            const Word *q = b && has_bit(b, w) ? set_rows(b, n_words)[w] : nullptr;
            if (!row) row = pool->take_raw();
            Word some = 0;
            if (p && q)
                for (std::ptrdiff_t k = 0; k < n_words; k++)
                    some |= row[k] = (p[k] ^ q[k]) & lens[k];
            else {
                if (!p) p = q;
                for (std::ptrdiff_t k = 0; k < n_words; k++) some |= row[k] = p[k] & lens[k];
            }
            if (!some) continue;
            flip_bit(x, w);
            set_rows(x, n_words)[w] = row;
            row = nullptr;
            any = true;
        }
    }
    if (row) pool->give(row);
    return any;
}

SKLTOPO_INLINE bool list_differences_body(const Word *a, const Word *b, const Word *lens,
                                         std::ptrdiff_t n_words, Word *x, RowPool *pool) {
    if (n_words == 4) return difference_rows(a, b, lens, 4, x, pool);
    if (n_words == 8) return difference_rows(a, b, lens, 8, x, pool);
    return difference_rows(a, b, lens, n_words, x, pool);
}
SKLTOPO_VARIANTS(bool, list_differences,
                 (const Word *a, const Word *b, const Word *lens, std::ptrdiff_t n_words, Word *x,
                  RowPool *pool),
                 (a, b, lens, n_words, x, pool))

// Complement phi on a component of the lens where that leaves fewer ones: both are valid (see
// voids.pyx), an edge can be violated only where phi is 1 or x is not empty at an end, so fewer
// vertices are looked at, and fewer triangles are stored.
SKLTOPO_INLINE void choose_smaller_body(const Word *component, std::ptrdiff_t n_words, Word *phi) {
    std::ptrdiff_t ones = 0, all = 0;
    for (std::ptrdiff_t w = 0; w < n_words; w++) {
        ones += count_word_bits(phi[w] & component[w]);
        all += count_word_bits(component[w]);
    }
    if (2 * ones > all)
        for (std::ptrdiff_t w = 0; w < n_words; w++) phi[w] ^= component[w];
}
SKLTOPO_VARIANTS(void, choose_smaller,
                 (const Word *component, std::ptrdiff_t n_words, Word *phi),
                 (component, n_words, phi))

// Look for an edge w w' of the lens on which a class is violated: the sum of its cocycle over the
// triangles of u v w w' is not 0. True, with the edge in *first and *second, if there is one.
SKLTOPO_INLINE bool find_violation_body(const Word *rows, std::ptrdiff_t n_words, const Word *lens,
                                        const VoidAtEdge *classes, std::ptrdiff_t n_classes,
                                        std::ptrdiff_t *first, std::ptrdiff_t *second) {
    for (std::ptrdiff_t i = 0; i < n_classes; i++) {
        const Word *phi = classes[i].phi, *x = classes[i].x;
        for (std::ptrdiff_t at = 0; at < n_words; at++)
            for (Word left = phi[at] | x[at]; left; left &= left - 1) {
                const std::ptrdiff_t v = 64 * at + lowest_bit(left);
                const Word *row = rows + v * n_words;
                const Word flip = Word(0) - Word(has_bit(phi, v));
                const Word *other = has_bit(x, v) ? set_rows(x, n_words)[v] : nullptr;
                Word any = 0;
                if (other)
                    for (std::ptrdiff_t w = 0; w < n_words; w++)
                        any |= (phi[w] ^ flip ^ other[w]) & row[w] & lens[w];
                else
                    for (std::ptrdiff_t w = 0; w < n_words; w++)
                        any |= (phi[w] ^ flip) & row[w] & lens[w];
                if (!any) continue;
                for (std::ptrdiff_t w = 0;; w++) {
                    const Word bad = (phi[w] ^ flip ^ (other ? other[w] : 0)) & row[w] & lens[w];
                    if (!bad) continue;
                    *first = v;
                    *second = 64 * w + lowest_bit(bad);
                    return true;
                }
            }
    }
    return false;
}
SKLTOPO_VARIANTS(bool, find_violation,
                 (const Word *rows, std::ptrdiff_t n_words, const Word *lens,
                  const VoidAtEdge *classes, std::ptrdiff_t n_classes, std::ptrdiff_t *first,
                  std::ptrdiff_t *second),
                 (rows, n_words, lens, classes, n_classes, first, second))
