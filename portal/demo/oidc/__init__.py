"""A real identity provider on loopback, in the parts of Google, Apple, Microsoft and Facebook."""
