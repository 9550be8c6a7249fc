"""
Graphs told apart by when their cycles close
============================================

Tell graphs by their structure: degree filtrations of networkx graphs.

All graphs have 60 vertices and 120 edges, so that counting them tells nothing. Vertices enter by
their degree: PD_0 says how the graph grows together from its least connected vertices, PD_1 when
its cycles close. Cycles never end; "clip" ends them at the largest degree.
"""

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import sizes
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skltopo import Energy
from skltopo.filtrations import SimplicialComplex

KINDS = {
    "random": lambda seed: nx.gnm_random_graph(60, 120, seed=seed),
    "small world": lambda seed: nx.watts_strogatz_graph(60, 4, 0.5, seed=seed),
    "with hubs": lambda seed: nx.barabasi_albert_graph(60, 2, seed, nx.complete_graph(5)),
}
ENERGIES = [Energy(dim=dim, p=p, essential="clip") for dim in (0, 1) for p in (0, 1, 2)]


# %%
# A degree filtration
# -------------------
# A vertex enters with its degree, an edge with the later of its two vertices.


def degree_diagram(graph):
    """Return the diagram of the function that is the degree of a vertex."""
    degrees = [degree for _, degree in graph.degree]
    return SimplicialComplex.from_graph(graph)(np.array(degrees, float))


# %%
# Energies of diagrams, and a linear classifier
# ---------------------------------------------
# Six energies of each graph, beside the counts of vertices and edges, which are the same for all.

y = np.repeat(list(KINDS), sizes.pick(20, 100))
graphs = [KINDS[kind](seed) for seed, kind in enumerate(y)]
counts = [(len(graph), graph.size()) for graph in graphs]
columns = [[energy(degree_diagram(graph)) for energy in ENERGIES] for graph in graphs]
model = make_pipeline(StandardScaler(), LogisticRegression())
for name, X in (("counts of vertices and edges", counts), ("degree filtration", columns)):
    print(f"{name}: accuracy {cross_val_score(model, X, y, cv=5).mean():.2f}")

# %%
# One graph of each kind
# ----------------------
# Below each, how many cycles have closed when all vertices up to a degree are there.

figure, axes = plt.subplots(2, 3, figsize=(11, 6.5), layout="constrained", sharey="row")
for (above, below), kind in zip(axes.T, KINDS, strict=True):
    graph = graphs[list(y).index(kind)]
    nx.draw(graph, nx.kamada_kawai_layout(graph), above, node_size=30, width=0.5, alpha=0.8)
    above.set_title(kind)
    diagram = degree_diagram(graph)
    births, counts = np.unique(diagram[1][:, 0], return_counts=True)
    below.step(births, np.cumsum(counts), where="post", color="#0072B2")
    below.set(xlabel="degree", ylabel="cycles that have closed")
sizes.save(figure, "graphs.png", dpi=100)
