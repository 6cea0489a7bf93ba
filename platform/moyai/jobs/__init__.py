"""Work inside an environment, with that body's credentials only, and the way to ask for it."""
