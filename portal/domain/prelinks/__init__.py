"""Links that residents had in the portal before this one, made again once the address is proven."""
