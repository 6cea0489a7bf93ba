"""What a secretariat does with its bodies: plan, deploy, onboard, look."""
