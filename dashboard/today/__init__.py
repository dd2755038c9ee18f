"""What the page Today says about a day."""
