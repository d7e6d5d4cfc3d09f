"""Bills, what they ask for and why, and what is owed."""
