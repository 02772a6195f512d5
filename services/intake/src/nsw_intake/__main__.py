"""`python -m nsw_intake` runs intake."""

from nsw_intake.app import main

main()
