"""Which backups were made: what `doctor` and the metrics tell their age by."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table, Text, Uuid

from db.tables.base import created_at, metadata

backups = Table(
    "backups",
    metadata,
    Column("backup_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, comment="of its folder in the target"),
    Column("target", Text, nullable=False),
    Column("as_of", DateTime(timezone=True), nullable=False, comment="the database as it was then"),
    Column("database_bytes", BigInteger, nullable=False),
    Column("audio_files", Integer, nullable=False, comment="that the database names"),
    Column("audio_missing", Integer, nullable=False, comment="of these in no readable state"),
    created_at("finished_at"),
    Index("ix_backups_as_of", "as_of"),
)
