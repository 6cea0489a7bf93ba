"""Benchmarks: ratios within one run. `make bench-deploy` writes build/bench/deploy.json."""
