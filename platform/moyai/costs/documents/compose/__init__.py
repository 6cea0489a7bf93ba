"""What documents say: from statements, requests and overviews to papers. Pure."""
