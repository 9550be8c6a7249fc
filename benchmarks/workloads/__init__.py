"""Workloads by family: a module has ORDER, its place in tables, and WORKLOADS.

The first line of its docstring is the title of the family, the rest says what bounds the kernel.
"""
