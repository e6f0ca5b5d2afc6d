"""`clarion demo`: a campaign from a messy file to the balance sheet, against the simulators."""
