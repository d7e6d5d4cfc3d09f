"""What residents ask the city for: how bills reach them, where they live now."""
