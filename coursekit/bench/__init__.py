"""Benchmarks of the course, each beside the plain way: ``python -m coursekit bench emap``."""
