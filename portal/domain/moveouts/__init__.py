"""What ends for a sign-in when the customer's time at an account ends, and how it is told."""
