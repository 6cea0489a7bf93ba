"""What bodies and the secretariat are told of an allocation. Pure."""
