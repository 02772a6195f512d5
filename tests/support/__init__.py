"""What the tests that cross members share: a real stack, a real system, and ways to look at it from outside."""
