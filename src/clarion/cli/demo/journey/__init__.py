"""`clarion demo --journey`: people through the sample journey, judged by the simulator's ledger."""
