"""Households: what a holder shares with others, for how long, and how it ends."""
