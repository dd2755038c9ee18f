"""What the page of points and devices is made of. Pure."""
