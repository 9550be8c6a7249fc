"""Functions of diagrams: lengths, energies, curves, and critical sets."""
