"""Journeys: a graph of nodes and edges, and the pure function that moves one person through it."""
