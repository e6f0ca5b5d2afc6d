"""What services give, as callers are shown it; where several routers show the same."""
