"""A report as HTML, for notebooks and pages."""

from __future__ import annotations

from html import escape

from edunn_client.grading._reports import CheckResult, Report, Verdict

MARKS = {
    Verdict.PASSED: "✓",
    Verdict.FAILED: "✗",
    Verdict.SKIPPED: "-",
    Verdict.UNGRADABLE: "?",
}
_COLOURS = {
    Verdict.PASSED: "#1a7f37",
    Verdict.FAILED: "#cf222e",
    Verdict.SKIPPED: "#6e7781",
    Verdict.UNGRADABLE: "#9a6700",
}


def report_html(report: Report) -> str:
    """Return a table of a report's checks."""
    rows = "".join(_row(each) for each in report.checks)
    return (
        '<table class="edunn-report"><caption>'
        f"<b>{escape(report.assignment)}</b>: {escape(score_text(report))}</caption>"
        "<thead><tr><th></th><th>check</th><th>points</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def score_text(report: Report) -> str:
    """Return the score in words."""
    if report.hidden:
        return "the score is not to be seen yet"
    text = f"{report.score:g} of {report.max_score:g} points"
    if report.late_penalty:
        text += f", {report.late_penalty:g} lost because of lateness"
    return text if report.counts else f"{text}, and the attempt does not count"


def explanation(result: CheckResult) -> str:
    """Return what a report says about a check, in words."""
    parts = [result.message]
    if result.error_size is not None:
        place = f" at {list(result.error_index)}" if result.error_index else ""
        parts.append(f"The largest error is {result.error_size:.3g}{place}.")
    if result.expected is not None and result.answered is not None:
        parts.append(f"Expected {result.expected:.9g}, got {result.answered:.9g}.")
    return " ".join(filter(None, parts))


def _row(result: CheckResult) -> str:
    colour, mark = _COLOURS[result.verdict], MARKS[result.verdict]
    bug = f"<code>{escape(result.bug)}</code> " if result.bug else ""
    return (
        f'<tr><td style="color:{colour}" title="{result.verdict.value}">{mark}</td>'
        f"<td>{escape(result.title)}</td>"
        f"<td>{result.score:g} / {result.max_score:g}</td>"
        f'<td style="text-align:left">{bug}{escape(explanation(result))}</td></tr>'
    )
