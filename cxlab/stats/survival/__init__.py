"""Time until something happens, from counts by time, end and group: curves, their errors, tests, hazards."""
