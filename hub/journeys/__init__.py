"""What does an event mean for a guest? Fetches, asks the rules, stores the answer."""
