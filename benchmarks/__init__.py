"""Times and memory of skltopo beside its peers: ``python -m benchmarks [name ...]``.

`workload.py` says what a workload is, `workloads/` has them by family, `peers.py` the calls of
other packages. `runner.py` lets contestants, each in a process of its own (`child.py`), take turns;
`agree.py` compares what they compute before a time counts; `report.py` and `pictures.py` write
tables and pictures. `studies/` has scripts whose tables are no times beside peers.
"""
