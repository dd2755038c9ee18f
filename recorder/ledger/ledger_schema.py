"""The tables of the ledger."""

VERSION = 1

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- number: in the order of booting. source: NULL while the boot's time is unknown.
CREATE TABLE boots (number INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE, last_boot_ms INTEGER NOT NULL,
    system_offset_ms INTEGER NOT NULL, source TEXT);
CREATE TABLE anchors (boot INTEGER NOT NULL REFERENCES boots, boot_ms INTEGER NOT NULL, offset_ms INTEGER NOT NULL,
    PRIMARY KEY (boot, boot_ms)) WITHOUT ROWID;

-- start_ms and end_ms everywhere: wall time by the boot's offset as now known, kept so when the offset changes;
-- only a delivered chunk keeps the time that the server was told.
CREATE TABLE spans (number INTEGER PRIMARY KEY, boot INTEGER NOT NULL REFERENCES boots, condition TEXT NOT NULL,
    detail TEXT NOT NULL, start_boot_ms INTEGER NOT NULL, end_boot_ms INTEGER NOT NULL, ending TEXT NOT NULL,
    next TEXT, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL);
CREATE INDEX spans_end ON spans (end_ms);
CREATE UNIQUE INDEX one_span_open ON spans (ending) WHERE ending = 'open';

-- lasts_ms: where it was asked for as a length.
CREATE TABLE pauses (boot INTEGER NOT NULL REFERENCES boots, start_boot_ms INTEGER NOT NULL, lasts_ms INTEGER,
    start_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (boot, start_boot_ms)) WITHOUT ROWID;

-- What the chunks of one capture session have in common.
CREATE TABLE origins (number INTEGER PRIMARY KEY, session_id TEXT NOT NULL, boot INTEGER NOT NULL REFERENCES boots,
    point_id TEXT NOT NULL, register_id TEXT NOT NULL, device_id TEXT NOT NULL, sample_rate INTEGER NOT NULL,
    channels INTEGER NOT NULL, codec TEXT NOT NULL,
    UNIQUE (session_id, boot, point_id, register_id, device_id, sample_rate, channels, codec));
CREATE TABLE chunks (origin INTEGER NOT NULL REFERENCES origins, seq INTEGER NOT NULL, start_boot_ms INTEGER NOT NULL,
    start_wall_ms INTEGER NOT NULL, length_ms INTEGER NOT NULL, size_bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    salvaged INTEGER NOT NULL, rms_dbfs REAL, peak_dbfs REAL, state TEXT NOT NULL, detail TEXT NOT NULL,
    start_ms INTEGER NOT NULL, PRIMARY KEY (origin, seq)) WITHOUT ROWID;
CREATE INDEX chunks_start ON chunks (start_ms);
CREATE INDEX chunks_undelivered ON chunks (state, start_ms) WHERE state != 'delivered';

-- From which wall time on fates changed. A row is dropped when a later one reaches back as far.
CREATE TABLE changes (revision INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL);
CREATE INDEX changes_from ON changes (from_ms);
"""
