"""The lessons: a module (the world, the right answers, the known mistakes) and a text in each language (`*.toml`)."""
