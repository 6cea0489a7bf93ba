"""AWS as a site: sessions from a site's variables, credentials of its role, the account itself."""
