"""Who is alive: leases, supervisors, guardians, and what is left of workers that are gone."""
