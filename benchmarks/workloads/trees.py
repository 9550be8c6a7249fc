"""Spanning trees: PD_0 alone.

In few dimensions Borůvka's algorithm asks a k-d tree for the nearest point of another component:
distances to the points of leaves bound it. In many dimensions and for matrices Prim's algorithm
computes or reads each distance once: arithmetic for points, memory traffic for matrices.
"""

from ..agree import same_values
from ..calls import filtration, gradient_of, matrix_of, uniform
from ..workload import OURS, TWO_THREADS, Workload

ORDER = 8


def ours_lengths(points):
    """Compute the total length of the tree and its gradient."""
    from skltopo.filtrations import VietorisRips

    of = VietorisRips(0)
    return gradient_of(lambda x: of(x).as_batch().points[0].finite[:, 1].sum(), points)


def hdbscan(points):
    """Compute the same by hdbscan's Borůvka, and a torch gather."""
    import numpy as np
    import torch
    from hdbscan._hdbscan_boruvka import KDTreeBoruvkaAlgorithm
    from sklearn.neighbors import KDTree

    def loss(x):
        tree = KDTree(x.detach().numpy(), leaf_size=20)
        ends = KDTreeBoruvkaAlgorithm(tree, 1, leaf_size=6).spanning_tree()[:, :2]
        ends = torch.from_numpy(ends.astype(np.int64))
        return torch.linalg.vector_norm(x[ends[:, 0]] - x[ends[:, 1]], dim=1).sum()

    return gradient_of(loss, points)


def sklearn_prim(points):
    """Compute lengths of the tree by scikit-learn's Prim."""
    import numpy as np
    from sklearn.cluster._hdbscan._linkage import mst_from_data_matrix
    from sklearn.metrics import DistanceMetric

    euclidean, core = DistanceMetric.get_metric("euclidean"), np.zeros(len(points))

    def result(tree):
        return {0: [np.column_stack([core[1:], tree["distance"]])]}

    return lambda: mst_from_data_matrix(points, core, euclidean, 1.0), result


def batch(size, rng):
    """Return 32 distance matrices, float32."""
    import numpy as np

    make = matrix_of(uniform(3))
    return np.stack([make(size, rng) for _ in range(32)]).astype("f4")


def persist0(matrices):
    """Compute deaths of a batch by persist0-tda."""
    import numpy as np
    from persist0 import h0_batched

    def result(index):
        rows = np.arange(len(matrices))[:, np.newaxis]
        deaths = matrices[rows, index[..., 0], index[..., 1]]
        return {0: [np.column_stack([np.zeros(len(one)), one]) for one in deaths]}

    return lambda: h0_batched(matrices), result


WORKLOADS = [
    Workload(
        "trees in space", (100, 1_000, 10_000, 30_000), uniform(3),
        {OURS: ours_lengths, "hdbscan and torch": hdbscan},
        label="PD_0 of {size:,} points in space, and gradient", agree=same_values,
        tolerance=1e-9, readme=(10_000,),
    ),
    Workload(
        "trees in R^50", (100, 500, 2_000), uniform(50),
        {OURS: filtration("VietorisRips", 0), "scikit-learn": sklearn_prim},
        label="PD_0 of {size:,} points in R^50", tolerance=1e-9,
    ),
    Workload(
        "trees of matrices", (32, 64, 128, 256), batch,
        {
            OURS: filtration("VietorisRips", 0, metric="precomputed"),
            TWO_THREADS: filtration("VietorisRips", 0, metric="precomputed", n_jobs=2),
            "persist0-tda": persist0,
        },
        label="PD_0 of 32 matrices {size}x{size}, float32", tolerance=1e-6,
    ),
]  # fmt: skip
