"""One State a page: translate the event, make one domain call, assign a view."""
