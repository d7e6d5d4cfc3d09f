"""What the home page brings together."""
