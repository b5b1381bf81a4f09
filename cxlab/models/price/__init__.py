"""What customers would pay: named prices, ladders of prices, choices between offers."""
