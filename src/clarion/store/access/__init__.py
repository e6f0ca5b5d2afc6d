"""Rows of those who may ask, and of what they did."""
