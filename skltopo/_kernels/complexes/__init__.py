"""Any complex: reduction of its boundary matrix, and critical sets of a point."""
