"""Recording: one ffmpeg a session, its chunks, and what is salvaged of a killed one."""
