"""The database out to files and back: pg_dump and pg_restore, with what one snapshot says of audio and erasures."""
