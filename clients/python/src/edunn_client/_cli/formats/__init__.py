"""Reports as course systems read them. One file a system; `FORMATS` has them all."""

from __future__ import annotations

from edunn_client._cli.formats import (
    check50,
    classroom50,
    gradescope,
    junit,
    nbgrader,
    otter,
    prairielearn,
    table,
)
from edunn_client._cli.formats.form import Form

FORMATS: dict[str, Form] = {
    "gradescope": gradescope.FORM,
    "classroom50": classroom50.FORM,
    "prairielearn": prairielearn.FORM,
    "check50": check50.FORM,
    "junit": junit.FORM,
    "nbgrader": nbgrader.FORM,
    "otter": otter.FORM,
    "csv": table.FORM,
}
