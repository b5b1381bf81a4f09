"""`load`: a name of the catalogue, a file, or a table becomes a `Study`."""
