"""Measurements: budgets as ratios taken in one run. `python -m bench` writes RESULTS.md."""
