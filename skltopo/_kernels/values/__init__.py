"""Functions of values: lengths, energies, proximal operators, descent."""
