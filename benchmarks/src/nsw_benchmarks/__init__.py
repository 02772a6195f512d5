"""The country's replay, the simulators and judge, the floor."""
