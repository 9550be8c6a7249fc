"""Compiled code that finds where: pairs of critical cells, matchings, proximal points."""
