"""Pure rules and types of SalesControl: no I/O, no clock, no environment, no Ray, no SQL. Everything may import it."""
