"""Proximal operators, monotone fits, and descent."""
