"""What a killed run left unsettled, and where it is, if it is there at all."""
