"""The web application firewall."""
