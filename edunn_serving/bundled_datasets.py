"""The data sets that edunn brings, as `worker/training/bundled.py` describes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from google.protobuf.json_format import ParseDict

from edunn_serving.v1.dataset_pb2 import Dataset

FILE = Path(__file__).with_suffix(".json")


def _read() -> dict[str, Dataset]:
    described = (ParseDict(each, Dataset()) for each in json.loads(FILE.read_text()))
    return {each.name: each for each in described}


BUNDLED: Mapping[str, Dataset] = _read()
