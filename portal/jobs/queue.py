"""The queue's door for state, http and jobs; the domain takes it from the kit."""

from portal.kit.queue import defer

__all__ = ["defer"]
