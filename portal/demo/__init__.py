"""The demo town, the payment stand-in and the mail catcher."""
