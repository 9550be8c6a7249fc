"""A fuzzer over every public name: ``python -m tests.fuzz --calls 100000 --seed 0``."""
