"""JUnit's XML, as GitLab and Jenkins read it."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from edunn_client._cli.formats.form import Form, Outcome, shown_checks, words
from edunn_client.grading._reports import Verdict

# XML 1.0 has no such characters, not even escaped.
_NOT_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_of(outcome: Outcome) -> str:
    """Return the file."""
    checks = [] if outcome.report is None else shown_checks(outcome.report)
    failed = sum(each.verdict is Verdict.FAILED for each in checks)
    skipped = sum(each.verdict in (Verdict.SKIPPED, Verdict.UNGRADABLE) for each in checks)
    suite = ET.Element(
        "testsuite",
        name=outcome.assignment,
        tests=str(len(checks) or 1),
        failures=str(failed),
        skipped=str(skipped),
        errors=str(int(outcome.report is None)),
        time=f"{outcome.seconds:.3f}",
    )
    share = outcome.seconds / max(1, len(checks))
    for check in checks:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=outcome.assignment,
            name=_text(check.title),
            time=f"{share:.3f}",
        )
        if check.verdict is Verdict.FAILED:
            failure = ET.SubElement(case, "failure", message=_text(check.message or "wrong"))
            failure.set("type", check.bug or "failed")
            failure.text = _text(words(check))
        elif check.verdict is not Verdict.PASSED:
            ET.SubElement(case, "skipped", message=_text(words(check)))
    if outcome.report is None:
        case = ET.SubElement(
            suite, "testcase", classname=outcome.assignment, name="grading service", time="0"
        )
        ET.SubElement(case, "error", message=_text(outcome.away), type="unavailable")
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _text(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)


FORM = Form(text_of, Path("junit.xml"))
