"""How the engine does: what waits, who works, what keeps it from working."""
