"""The closed loop: which answers call for action, what a rule is worth, how long closing takes, do coders agree."""
