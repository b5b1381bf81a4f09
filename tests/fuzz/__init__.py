"""Random trials of everything that takes what strangers give; ``python -m tests.fuzz`` runs them by the clock.

Each trial is a function of one seed that compares with something that is not ours (naive pandas, Python's csv,
openpyxl) or demands a manner (right, or refused by a `DataProblem` that shows no inside), and returns how many cases it
looked at. A seed that ever failed stands in ``corpus.json`` and is tried again by ``tests/test_fuzz.py``.
"""
