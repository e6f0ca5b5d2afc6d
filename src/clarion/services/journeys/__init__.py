"""Journeys: drafts and versions, runs, and the lanes that move people through them."""
