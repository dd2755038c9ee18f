"""What recorders tell: heartbeats, the fate of every second, enrolment by codes, and when a device was disabled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DISABLED_NOW = """
    INSERT INTO disabled_spans (device_id, start_ts) SELECT device_id, now() FROM devices WHERE NOT is_enabled
"""


def upgrade() -> None:
    op.add_column(
        "devices",
        sa.Column("ledger_id", sa.Uuid(), comment="the recorder's ledger that coverage comes from; null: none yet"),
    )
    op.add_column(
        "devices", sa.Column("ledger_revision", sa.BigInteger(), comment="newest revision of it that was accepted")
    )
    op.add_column(
        "devices",
        sa.Column(
            "covered_until",
            sa.DateTime(timezone=True),
            comment="up to here the ledger was received without a hole",
        ),
    )
    op.create_index(op.f("ix_devices_register_id"), "devices", ["register_id"], unique=False)
    op.create_index(
        "ix_devices_replaced_by",
        "devices",
        ["replaced_by"],
        unique=False,
        postgresql_where=sa.text("replaced_by IS NOT NULL"),
    )
    op.create_table(
        "disabled_spans",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=True, comment="null: it is disabled now"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_disabled_spans_device_id_devices")),
        sa.PrimaryKeyConstraint("device_id", "start_ts", name=op.f("pk_disabled_spans")),
    )
    op.execute(_DISABLED_NOW)
    op.create_table(
        "device_heartbeats",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column(
            "slot",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="ten minutes, of which the last heartbeat is kept",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True, comment="by the recorder's clock"),
        sa.Column(
            "clock_error_ms",
            sa.BigInteger(),
            nullable=True,
            comment="sent_at minus received_at: the recorder's clock error and the way",
        ),
        sa.Column("version", sa.Text(), nullable=True, comment="of the recorder"),
        sa.Column(
            "health",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the recorder's /health document",
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_device_heartbeats_device_id_devices")
        ),
        sa.PrimaryKeyConstraint("device_id", "slot", name=op.f("pk_device_heartbeats")),
    )
    op.create_table(
        "coverage",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=False, comment="intervals of a device never overlap"),
        sa.Column(
            "fate", sa.Text(), nullable=False, comment="recorded, waiting, paused, lost or closed, as the recorder says"
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it is lost"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_coverage_device_id_devices")),
        sa.PrimaryKeyConstraint("device_id", "start_ts", name=op.f("pk_coverage")),
    )
    op.create_table(
        "enrolment_codes",
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("code_sha256", sa.Text(), nullable=False, comment="hex; the code itself is never stored"),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True, comment="the device whose place the new one takes"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True, comment="the device that it made"),
        sa.Column(
            "token_sha256",
            sa.Text(),
            nullable=True,
            comment="the token that it was used with: the same one gets the same answer again",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["point_id"], ["points.point_id"], name=op.f("fk_enrolment_codes_point_id_points")),
        sa.ForeignKeyConstraint(
            ["register_id"], ["registers.register_id"], name=op.f("fk_enrolment_codes_register_id_registers")
        ),
        sa.ForeignKeyConstraint(["replaces"], ["devices.device_id"], name=op.f("fk_enrolment_codes_replaces_devices")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_enrolment_codes_device_id_devices")
        ),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_enrolment_codes")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_enrolment_codes_code_sha256")),
    )
    op.create_index(op.f("ix_enrolment_codes_point_id"), "enrolment_codes", ["point_id"], unique=False)
    op.create_index(op.f("ix_enrolment_codes_register_id"), "enrolment_codes", ["register_id"], unique=False)
    op.create_table(
        "enrolment_attempts",
        sa.Column("client", sa.Text(), nullable=False, comment="address, or empty for all together"),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "failures",
            sa.Integer(),
            nullable=False,
            comment="codes tried in vain, those being looked at now included",
        ),
        sa.PrimaryKeyConstraint("client", "window_start", name=op.f("pk_enrolment_attempts")),
    )


def downgrade() -> None:
    op.drop_table("enrolment_attempts")
    op.drop_index(op.f("ix_enrolment_codes_register_id"), table_name="enrolment_codes")
    op.drop_index(op.f("ix_enrolment_codes_point_id"), table_name="enrolment_codes")
    op.drop_table("enrolment_codes")
    op.drop_table("coverage")
    op.drop_table("device_heartbeats")
    op.drop_table("disabled_spans")
    op.drop_index("ix_devices_replaced_by", table_name="devices", postgresql_where=sa.text("replaced_by IS NOT NULL"))
    op.drop_index(op.f("ix_devices_register_id"), table_name="devices")
    op.drop_column("devices", "covered_until")
    op.drop_column("devices", "ledger_revision")
    op.drop_column("devices", "ledger_id")
