"""Create all tables: sweeps, trials and their results, judgements, events and calibrations.

Everything is written out instead of imported from the models: a migration must not change when they
do.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: None = None
depends_on: None = None

# The types that `UtcDateTime` and `stored_by_value` have in the database.
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite")
WORD = sa.String(32)


def upgrade() -> None:
    """Create every table."""
    _create_sweeps()
    _create_walks()
    _create_configurations()
    _create_trials()
    _create_epochs()
    _create_layer_profiles()
    _create_events()
    _create_calibrations()
    _create_judgements()


def downgrade() -> None:
    """Drop every table with all its rows."""
    # Tables that refer to others come first.
    results = ("events", "layer_profiles", "epochs", "trials", "configurations", "walks", "sweeps")
    for table in ("judgements", "calibrations", *results):
        op.drop_table(table)


def _create_sweeps() -> None:
    table = "sweeps"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spec_text", sa.Text(), nullable=False),
        sa.Column("spec_media", WORD, nullable=False),
        sa.Column("spec_hash", sa.String(64), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("n_trials", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", MOMENT, nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("stalled_launches", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String(255), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("expected_end_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        _one_of(table, "spec_media", "json yaml"),
        _one_of(
            table, "state", "queued running pausing paused cancelling completed failed cancelled"
        ),
        _at_least(table, "n_trials", 0),
        _at_least(table, "fence", 0),
        _at_least(table, "stalled_launches", 0),
        _rule(table, "spec_hash_length", "length(spec_hash) = 64"),
        _rule(table, "lease_is_whole", "(lease_owner IS NULL) = (lease_expires_at IS NULL)"),
        _rule(
            table,
            "lease_is_held",
            "lease_owner IS NULL OR state IN ('running', 'pausing', 'cancelling')",
        ),
        _rule(
            table,
            "ended_at_is_of_an_end",
            "(ended_at IS NOT NULL) = (state IN ('completed', 'failed', 'cancelled'))",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_sweeps_idempotency_key")),
    )
    op.create_index(op.f("ix_sweeps_created_at_id"), table, ["created_at", "id"])
    op.create_index(
        op.f("ix_sweeps_state_priority_created_at"), table, ["state", "priority", "created_at"]
    )


def _create_walks() -> None:
    table = "walks"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("means", sa.LargeBinary(), nullable=False),
        sa.Column("deviations", sa.LargeBinary(), nullable=False),
        _rule(table, "deviations_are_beside_means", "length(deviations) = length(means)"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walks")),
    )


def _create_configurations() -> None:
    table = "configurations"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sweep_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *_written_columns(),
        *_resolved_columns(),
        *_configuration_rules(table),
        sa.ForeignKeyConstraint(
            ["sweep_id"],
            ["sweeps.id"],
            name=op.f("fk_configurations_sweep_id_sweeps"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["walk_id"], ["walks.id"], name=op.f("fk_configurations_walk_id_walks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configurations")),
        sa.UniqueConstraint("sweep_id", "number", name=op.f("uq_configurations_sweep_id_number")),
    )


def _create_trials() -> None:
    table = "trials"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sweep_id", sa.Uuid(), nullable=False),
        sa.Column("configuration_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("planned_epochs", sa.Integer(), nullable=False),
        *_run_columns(),
        *_run_rules(table),
        sa.ForeignKeyConstraint(
            ["sweep_id"],
            ["sweeps.id"],
            name=op.f("fk_trials_sweep_id_sweeps"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["configuration_id"],
            ["configurations.id"],
            name=op.f("fk_trials_configuration_id_configurations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
        sa.UniqueConstraint("sweep_id", "number", name=op.f("uq_trials_sweep_id_number")),
        sa.UniqueConstraint(
            "configuration_id", "seed", name=op.f("uq_trials_configuration_id_seed")
        ),
    )
    op.create_index(op.f("ix_trials_sweep_id_state"), table, ["sweep_id", "state"])


def _written_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("g_relative", sa.Double(), nullable=True),
        sa.Column("g", sa.Double(), nullable=False),
        sa.Column("scheme", WORD, nullable=False),
        sa.Column("activation", WORD, nullable=False),
        sa.Column("lr", sa.Double(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("width_parameters", sa.BigInteger(), nullable=True),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("optimizer", WORD, nullable=False),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.String(255), nullable=False),
        sa.Column("task", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("g_mode", WORD, nullable=False),
        sa.Column("lr_depth_power", sa.Double(), nullable=False),
        sa.Column("precision", WORD, nullable=False),
    ]


def _resolved_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("effective_lr", sa.Double(), nullable=False),
        sa.Column("schedule_kind", WORD, nullable=False),
        sa.Column("engine", WORD, nullable=False),
        sa.Column("predicted_drift", sa.Double(), nullable=True),
        sa.Column("predicted_spread", sa.Double(), nullable=True),
        sa.Column("walk_id", sa.Uuid(), nullable=True),
        sa.Column("coordinates", sa.JSON(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
    ]


def _run_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("state", WORD, nullable=False),
        sa.Column("outcome", WORD, nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("epochs_done", sa.Integer(), nullable=True),
        sa.Column("final_train_loss", sa.Double(), nullable=True),
        sa.Column("final_train_error", sa.Double(), nullable=True),
        sa.Column("final_eval_loss", sa.Double(), nullable=True),
        sa.Column("final_eval_error", sa.Double(), nullable=True),
        sa.Column("best_train_loss", sa.Double(), nullable=True),
        sa.Column("best_train_error", sa.Double(), nullable=True),
        sa.Column("best_eval_loss", sa.Double(), nullable=True),
        sa.Column("best_eval_error", sa.Double(), nullable=True),
        sa.Column("walk_init", sa.Double(), nullable=True),
        sa.Column("z_init", sa.Double(), nullable=True),
        sa.Column("diverged_epoch", sa.Integer(), nullable=True),
        sa.Column("diverged_step", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("versions", sa.Text(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
    ]


def _configuration_rules(table: str) -> list[sa.CheckConstraint]:
    return [
        _one_of(table, "task", "classify autoencode"),
        _one_of(
            table,
            "scheme",
            "rwi rwi_paper he glorot lecun orthogonal looks_linear lsuv lyapunov lyapunov_sampled",
        ),
        _one_of(table, "optimizer", "sgd adam"),
        _one_of(
            table, "schedule_kind", "constant exponential step cosine linear inverse_time table"
        ),
        _one_of(table, "precision", "float32 float64"),
        _one_of(table, "engine", "reference packed"),
        _one_of(table, "g_mode", "auto absolute relative"),
        _at_least(table, "number", 0),
        _at_least(table, "depth", 1),
        _at_least(table, "width", 1),
        _at_least(table, "epochs", 0),
        _at_least(table, "batch_size", 1),
        *_finite(table, "g effective_lr g_relative lr lr_depth_power"),
        *_finite(table, "predicted_drift predicted_spread"),
        _at_least(table, "predicted_spread", 0),
        _rule(
            table,
            "predictions_are_whole",
            "(predicted_drift IS NULL) = (predicted_spread IS NULL)",
        ),
        _rule(
            table,
            "relative_g_is_written",
            "g_mode <> 'relative' OR g_relative IS NOT NULL",
        ),
    ]


def _run_rules(table: str) -> list[sa.CheckConstraint]:
    return [
        _one_of(table, "state", "pending running done"),
        _one_of(table, "outcome", "completed diverged stopped failed cancelled"),
        _at_least(table, "number", 0),
        _at_least(table, "attempt", 1),
        *_finite(table, "final_train_loss final_eval_loss best_train_loss best_eval_loss"),
        *_finite(table, "walk_init z_init seconds"),
        *_fractions(table, "final_train_error final_eval_error best_train_error best_eval_error"),
        _rule(table, "epochs_done_range", "epochs_done BETWEEN 0 AND planned_epochs"),
        _rule(table, "outcome_is_of_an_end", "(outcome IS NOT NULL) = (state = 'done')"),
        _rule(table, "ended_at_is_of_an_end", "(ended_at IS NOT NULL) = (state = 'done')"),
        _rule(
            table,
            "diverged_epoch_is_of_divergence",
            "(diverged_epoch IS NOT NULL) = (coalesce(outcome, '') = 'diverged')",
        ),
        _rule(table, "divergence_is_whole", "(diverged_epoch IS NULL) = (diverged_step IS NULL)"),
        _rule(table, "diverged_epoch_range", "diverged_epoch >= 0 AND diverged_step >= 0"),
        _rule(table, "final_is_of_an_epoch", "(final_train_loss IS NULL) = (epochs_done IS NULL)"),
        _rule(table, "eval_is_beside_train", "(final_eval_loss IS NULL) = (epochs_done IS NULL)"),
        _rule(table, "best_train_is_no_worse", "best_train_loss <= final_train_loss"),
        _rule(table, "best_eval_is_no_worse", "best_eval_loss <= final_eval_loss"),
    ]


def _create_epochs() -> None:
    table = "epochs"
    op.create_table(
        table,
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("train_loss", sa.Double(), nullable=False),
        sa.Column("train_error", sa.Double(), nullable=True),
        sa.Column("eval_loss", sa.Double(), nullable=False),
        sa.Column("eval_error", sa.Double(), nullable=True),
        sa.Column("running_loss", sa.Double(), nullable=True),
        sa.Column("lr", sa.Double(), nullable=True),
        sa.Column("log_grad_norm_first", sa.Double(), nullable=True),
        sa.Column("log_grad_norm_last", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        _at_least(table, "epoch", 0),
        _at_least(table, "attempt", 1),
        _at_least(table, "step", 0),
        *_finite(table, "train_loss eval_loss running_loss lr log_grad_norm_first"),
        *_finite(table, "log_grad_norm_last seconds"),
        *_fractions(table, "train_error eval_error"),
        _rule(table, "errors_are_of_the_task", "(train_error IS NULL) = (eval_error IS NULL)"),
        sa.ForeignKeyConstraint(
            ["trial_id"],
            ["trials.id"],
            name=op.f("fk_epochs_trial_id_trials"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trial_id", "epoch", name=op.f("pk_epochs")),
        # SQLite then stores rows in the order of the primary key: a curve lies in one place.
        sqlite_with_rowid=False,
    )


def _create_layer_profiles() -> None:
    table = "layer_profiles"
    op.create_table(
        table,
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("activation_log_norms", sa.LargeBinary(), nullable=False),
        sa.Column("error_log_norms", sa.LargeBinary(), nullable=False),
        sa.Column("gradient_log_norms", sa.LargeBinary(), nullable=False),
        _at_least(table, "epoch", 0),
        _at_least(table, "attempt", 1),
        _rule(
            table,
            "errors_are_beside_activations",
            "length(error_log_norms) = length(activation_log_norms)",
        ),
        # One number more than there are layers; a number has 8 bytes.
        _rule(
            table,
            "gradients_are_one_more",
            "length(gradient_log_norms) = length(activation_log_norms) + 8",
        ),
        sa.ForeignKeyConstraint(
            ["trial_id"],
            ["trials.id"],
            name=op.f("fk_layer_profiles_trial_id_trials"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trial_id", "epoch", name=op.f("pk_layer_profiles")),
    )


def _create_events() -> None:
    table = "events"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sweep_id", sa.Uuid(), nullable=False),
        sa.Column("trial_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["sweep_id"],
            ["sweeps.id"],
            name=op.f("fk_events_sweep_id_sweeps"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trial_id"],
            ["trials.id"],
            name=op.f("fk_events_trial_id_trials"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        # Ids of deleted events are not used again, so that readers do not miss new ones.
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_sweep_id_id"), table, ["sweep_id", "id"])
    op.create_index(op.f("ix_events_trial_id"), table, ["trial_id"])


def _create_calibrations() -> None:
    table = "calibrations"
    op.create_table(
        table,
        sa.Column("device", sa.String(255), nullable=False),
        sa.Column("engine", WORD, nullable=False),
        sa.Column("device_type", WORD, nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.Column("actors", sa.Integer(), nullable=False),
        sa.Column("timings", sa.JSON(), nullable=False),
        sa.Column("measured_at", MOMENT, nullable=False),
        _one_of(table, "engine", "reference packed"),
        _at_least(table, "actors", 1),
        sa.PrimaryKeyConstraint("device", "engine", name=op.f("pk_calibrations")),
    )


def _create_judgements() -> None:
    table = "judgements"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim", sa.String(255), nullable=False),
        sa.Column("size", WORD, nullable=False),
        sa.Column("sweep_id", sa.Uuid(), nullable=False),
        sa.Column("judge_hash", sa.String(64), nullable=False),
        sa.Column("rows_hash", sa.String(64), nullable=False),
        sa.Column("verdict", WORD, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("estimate", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        _one_of(table, "size", "laptop full"),
        _one_of(table, "verdict", "supported refuted undecided"),
        _at_least(table, "n", 0),
        *_finite(table, "estimate low high seconds"),
        _rule(table, "judge_hash_length", "length(judge_hash) = 64"),
        _rule(table, "rows_hash_length", "length(rows_hash) = 64"),
        sa.ForeignKeyConstraint(
            ["sweep_id"],
            ["sweeps.id"],
            name=op.f("fk_judgements_sweep_id_sweeps"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgements")),
        sa.UniqueConstraint(
            *("claim", "size", "sweep_id", "judge_hash", "rows_hash"),
            name=op.f("uq_judgements_claim_size_sweep_id_judge_hash_rows_hash"),
        ),
    )
    op.create_index(op.f("ix_judgements_claim_created_at"), table, ["claim", "created_at"])
    op.create_index(op.f("ix_judgements_sweep_id"), table, ["sweep_id"])


def _rule(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _one_of(table: str, column: str, values: str) -> sa.CheckConstraint:
    quoted = ", ".join(f"'{value}'" for value in values.split())
    return _rule(table, column, f"{column} IN ({quoted})")


def _at_least(table: str, column: str, bound: int) -> sa.CheckConstraint:
    return _rule(table, f"{column}_range", f"{column} >= {bound}")


def _finite(table: str, columns: str) -> list[sa.CheckConstraint]:
    # PostgreSQL orders NaN above every number; SQLite stores it as NULL before it checks.
    return [
        _rule(table, f"{column}_finite", f"abs({column}) <= 1.7976931348623157e308")
        for column in columns.split()
    ]


def _fractions(table: str, columns: str) -> list[sa.CheckConstraint]:
    return [
        _rule(table, f"{column}_range", f"{column} BETWEEN 0 AND 1") for column in columns.split()
    ]
