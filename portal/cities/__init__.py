"""A city is data."""
