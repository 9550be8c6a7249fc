"""Memory, sorting, union-find, and the choice of vector instructions."""
