"""What residents ask the city to change: delivery, address."""
