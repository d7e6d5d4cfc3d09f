"""Measurements. Each `bench_*.py` has `run()`, which yields one JSON-able object a figure."""
