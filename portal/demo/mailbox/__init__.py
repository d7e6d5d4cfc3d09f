"""The demo's mail server on loopback, and the page that shows what it received."""
