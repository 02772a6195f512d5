"""`python -m nsw_routing` runs routing."""

from nsw_routing.app import main

main()
