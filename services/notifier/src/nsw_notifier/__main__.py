"""`python -m nsw_notifier` runs the notifier."""

from nsw_notifier.app import main

main()
