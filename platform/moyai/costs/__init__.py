"""Cost sharing: what joint systems cost, divided among the bodies that use them, exact to the yen."""
