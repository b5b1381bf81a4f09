"""Did we cause it: experiments, pilots over units and periods, roll-out plans, and what is left at scale."""
