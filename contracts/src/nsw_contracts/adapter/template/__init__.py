"""What `nsw adapter new` begins with: change the adapter and its test agency until both are yours."""
