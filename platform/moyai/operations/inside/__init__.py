"""Work inside a body's environment, asked for from outside: jobs, and services begun anew."""
