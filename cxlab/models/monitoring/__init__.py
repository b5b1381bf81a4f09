"""Did it change: charts with an alarm budget, level changes for certain, running bands, mix against within."""
