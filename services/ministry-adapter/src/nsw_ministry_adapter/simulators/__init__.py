"""Test agencies, one for each shipped adapter: real processes with checks of their own, for the kit and rehearsals."""
