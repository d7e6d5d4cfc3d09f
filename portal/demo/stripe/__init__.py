"""The payment stand-in: Stripe as the portal meets it, strict, on this machine only.

It exists so that demo, tests and drills run the real SDK, the real flow and the real faults with
no money and no network. It never listens beyond loopback and it knows test cards only.
"""
