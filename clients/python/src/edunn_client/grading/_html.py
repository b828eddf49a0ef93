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
# Such as can be read on white and on the dark background of a notebook.
_COLOURS = {
    Verdict.PASSED: "#2da44e",
    Verdict.FAILED: "#e5534b",
    Verdict.SKIPPED: "#818b98",
    Verdict.UNGRADABLE: "#bf8700",
}
# A student's text may be one long word.
_LEFT = "text-align:left;overflow-wrap:anywhere"


def report_html(report: Report) -> str:
    """Return a table of a report's checks."""
    rows = "".join(_row(each) for each in report.checks)
    return (
        '<table class="edunn-report"><caption style="text-align:left">'
        f"<b>{escape(report.assignment)}</b>: {escape(score_text(report))}</caption>"
        "<thead><tr><th></th><th style='text-align:left'>check</th><th>points</th><th></th></tr>"
        "</thead>"
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
        f'<tr><td style="color:{colour};font-weight:bold" title="{result.verdict.value}">{mark}'
        f'</td><td style="{_LEFT}">{escape(result.title)}</td>'
        f'<td style="white-space:nowrap">{result.score:g} / {result.max_score:g}</td>'
        f'<td style="{_LEFT}">{bug}{escape(explanation(result))}</td></tr>'
    )
