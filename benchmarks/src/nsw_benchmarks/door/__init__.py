"""The door's benchmark: signed submissions into one intake process, beside the bare door on the same machine."""
