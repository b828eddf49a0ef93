"""The Redis user of server and workers: what it may do, and no more."""

from __future__ import annotations

from edunn_serving.keys import ROOT

NAME = "edunn"
# The part of `ROOT` that stays when the stored form changes.
FAMILY = ROOT.partition(":")[0]

RULES = (
    # Our keys, and those of kombu for the pools that run Celery's tasks.
    "resetkeys",
    f"~{FAMILY}:*",
    "~_kombu.*",
    "~unacked*",
    "~*.celery.pidbox*",
    "~celeryev*",
    "resetchannels",
    f"&{FAMILY}:*",
    # A pattern that is subscribed to must be named as it is.
    "&/0.celery.pidbox",
    "&/0.celeryev*",
    "-@all",
    "+@read",
    "+@write",
    "+@connection",
    "+@transaction",
    "+@pubsub",
    # Functions of Redis are written too. We use none.
    "-@scripting",
    "+evalsha",
    "+script|load",
    "+script|exists",
    "+time",
    # They would tell of others' keys, or reach other databases.
    "-scan",
    "-randomkey",
    "-dbsize",
    "-move",
    # Among others: KEYS, FLUSHALL, CONFIG, ACL, DEBUG, MONITOR, SHUTDOWN, REPLICAOF.
    "-@dangerous",
    "-@admin",
)
