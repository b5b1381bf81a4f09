"""Series over time: control charts with known error rates, level changes, bands valid however often one looks."""
