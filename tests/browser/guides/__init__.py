"""Each city's own guide, followed step by step by role and label in the running demo."""
