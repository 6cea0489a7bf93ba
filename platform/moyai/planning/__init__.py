"""What follows from a registry without looking at a cloud: addresses, selectors, quotas, plans. Pure."""
