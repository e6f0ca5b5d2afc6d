"""Webhooks: stored first (intake), understood later (digest)."""
