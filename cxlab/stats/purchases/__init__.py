"""Repeat purchase: how many more from how many before, and when."""
