"""One module a version; its statements are in the SQL file beside it."""
