"""Events, topics and protocols of the National Single Window; depends on pydantic alone."""
