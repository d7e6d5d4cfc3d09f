"""Account Settings: what residents see, change and end of their own sign-in."""
