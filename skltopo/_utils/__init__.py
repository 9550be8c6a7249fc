"""Arrays, checks, threads and memory; for kernels: buffers, sorting, bits and signals."""
