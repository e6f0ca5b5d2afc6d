"""Runs of journeys: positions, and what is due for them."""
