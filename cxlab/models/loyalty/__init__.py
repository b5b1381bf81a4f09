"""What a point is worth: time to leave, repeat purchase, value, and the clock of contacts."""
