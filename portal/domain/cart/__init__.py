"""The cart and its ten minutes."""
