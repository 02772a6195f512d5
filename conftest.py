"""For every member's tests: hypothesis measures what is tried, not the machine, which tests share with a broker."""

from hypothesis import settings

settings.register_profile("nsw", deadline=None)
settings.load_profile("nsw")
