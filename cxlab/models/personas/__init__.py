"""Kinds of customers by their answers."""
