"""Prices: where curves of named prices cross, demand that falls with the price, choices between offers."""
