"""What can be wrong with a graph beyond its shape: one file for each way of looking at it."""
