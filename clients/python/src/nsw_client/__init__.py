"""A client of the National Single Window for businesses: files dossiers and follows them."""
