"""What `doctor` looks at beside the parts themselves."""
