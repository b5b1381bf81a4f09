"""Did we cause it: unit changes, staggered starts, synthetic controls, interrupted series, arms, plans, scale."""
