"""Benchmarks, each run by its name: `python3 -m tests.bench NAME`."""
