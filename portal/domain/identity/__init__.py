"""Who is acting: sign-up, sign-in, sessions, links by mail, throttles."""
