"""The settings of trainings and of the artifact store: a part of `Settings`."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from edunn_serving.setting_types import MEBIBYTE, setting


class TrainingSettings(BaseSettings):
    """Where the files of trainings lie, and how trainings are computed and remembered."""

    artifacts: str = setting(
        ".data/artifacts",
        "Where data sets, checkpoints and models lie: a folder that all servers and workers share, "
        "or a URL such as `s3://bucket/folder`.",
    )
    artifact_bytes: int = setting(
        4096 * MEBIBYTE, "How many bytes of artifacts each caller may have.", minimum=1024
    )
    dataset_bytes: int = setting(
        1024 * MEBIBYTE, "How many bytes a data set may have.", minimum=1024
    )
    training_slice_seconds: float = setting(
        3.0,
        "How long a slice of a training computes before its checkpoint.",
        minimum=0.05,
        maximum=60.0,
    )
    training_history_seconds: float = setting(
        7 * 86400.0,
        "How long a training is remembered after its end, with its model file.",
        minimum=1.0,
    )
