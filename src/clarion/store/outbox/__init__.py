"""The outbox: due sends. One file per step of a send (claim, mark, settle) and one for what a death leaves."""
