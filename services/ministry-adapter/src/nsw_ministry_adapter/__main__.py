"""`python -m nsw_ministry_adapter` runs the ministry adapter."""

from nsw_ministry_adapter.app import main

main()
