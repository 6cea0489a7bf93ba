"""Tables that Moyai brings along; their source is in the README beside them."""
