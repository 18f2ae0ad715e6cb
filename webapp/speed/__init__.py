"""Throughput and latency of the server over HTTP: `python -m webapp benchmark`."""
