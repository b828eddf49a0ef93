"""One self-contained page on an assignment: scores, mistakes, and each student's checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from edunn_client.grading._html import MARKS, explanation
from edunn_client.grading._reports import CheckResult, Report, Verdict
from edunn_client.grading._service import Assignment

_BINS = 10
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1f2328; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .25rem .75rem; border-bottom: 1px solid #d1d9e0; }
h1, td, summary { overflow-wrap: anywhere; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.passed { color: #1a7f37; } .failed { color: #cf222e; } .skipped { color: #59636e; }
.ungradable { color: #9a6700; }
.bars { display: flex; align-items: flex-end; gap: 4px; height: 9rem; }
.bars div { flex: 1; background: #54aeff; min-height: 1px; position: relative; }
.bars span { position: absolute; top: -1.4em; width: 100%; text-align: center; font-size: 12px; }
.axis { display: flex; gap: 4px; font-size: 12px; color: #59636e; }
.axis span { flex: 1; text-align: center; }
details > summary { cursor: pointer; }
"""


def class_page(assignment: Assignment, reports: Sequence[Report]) -> str:
    """Return the page. It needs no other file and no network."""
    best = best_reports(reports)
    title = escape(f"{assignment.course} / {assignment.assignment}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(assignment.title)}</h1><p>{title}, version {assignment.version}: "
        f"{len(best)} students, {len(reports)} attempts</p>"
        f"<h2>Scores</h2>{_bars(best, assignment.max_score)}"
        f"<h2>Checks</h2>{_checks(assignment, best)}"
        f"<h2>Most frequent mistakes</h2>{_mistakes(reports)}"
        f"<h2>Students</h2>{_students(best, reports)}"
        "</body></html>\n"
    )


def best_reports(reports: Sequence[Report]) -> list[Report]:
    """Return the best report of each student, by name; one that counts, if there is any."""
    best: dict[str, Report] = {}
    for report in reports:
        before = best.get(report.student)
        if before is None or (report.counts, report.score) > (before.counts, before.score):
            best[report.student] = report
    return [best[name] for name in sorted(best)]


def _bars(best: Sequence[Report], max_score: float) -> str:
    counts = [0] * _BINS
    for report in best:
        share = report.score / max_score if max_score else 0.0
        counts[min(_BINS - 1, int(share * _BINS))] += 1
    highest = max([1, *counts])
    bars = "".join(
        f'<div style="height:{100 * count / highest:.1f}%"><span>{count or ""}</span></div>'
        for count in counts
    )
    axis = "".join(
        f"<span>{max_score * low / _BINS:g} to {max_score * (low + 1) / _BINS:g}</span>"
        for low in range(_BINS)
    )
    return f'<div class="bars" id="scores">{bars}</div><div class="axis">{axis}</div>'


def _checks(assignment: Assignment, best: Sequence[Report]) -> str:
    rows = ""
    for check in assignment.checks:
        results = [r for report in best for r in report.checks if r.check_id == check["id"]]
        passed = sum(each.verdict is Verdict.PASSED for each in results)
        mean = sum(each.score for each in results) / len(results) if results else 0.0
        rows += (
            f"<tr><td>{escape(check['title'])}</td><td class=n>{passed} of {len(results)}</td>"
            f"<td class=n>{mean:.2f} of {check['points']:g}</td></tr>"
        )
    head = "<tr><th>check</th><th class=n>passed</th><th class=n>mean points</th></tr>"
    return f'<table id="checks">{head}{rows}</table>'


def _mistakes(reports: Sequence[Report]) -> str:
    results = [each for report in reports for each in report.checks if each.bug]
    students: dict[str, set[str]] = {}
    messages: dict[str, str] = {}
    for report in reports:
        for each in report.checks:
            if each.bug:
                students.setdefault(each.bug, set()).add(report.student)
                messages.setdefault(each.bug, each.message)
    rows = "".join(
        f"<tr><td><code>{escape(bug)}</code></td><td class=n>{count}</td>"
        f"<td class=n>{len(students[bug])}</td><td>{escape(messages[bug])}</td></tr>"
        for bug, count in Counter(each.bug for each in results).most_common()
    )
    head = "<tr><th>mistake</th><th class=n>times</th><th class=n>students</th><th></th></tr>"
    return f'<table id="mistakes">{head}{rows}</table>' if rows else "<p>None is known.</p>"


def _students(best: Sequence[Report], reports: Sequence[Report]) -> str:
    attempts = Counter(report.student for report in reports)
    return "".join(
        f'<details class="student"><summary>{escape(report.student)}: {report.score:g} of '
        f"{report.max_score:g}, best of {attempts[report.student]} attempts</summary>"
        f"<table>{''.join(map(_row, report.checks))}</table></details>"
        for report in best
    )


def _row(result: CheckResult) -> str:
    verdict = result.verdict.value
    bug = f"<code>{escape(result.bug)}</code> " if result.bug else ""
    return (
        f'<tr class="{verdict}"><td>{MARKS[result.verdict]}</td><td>{escape(result.title)}</td>'
        f"<td class=n>{result.score:g} / {result.max_score:g}</td>"
        f"<td>{bug}{escape(explanation(result))}</td></tr>"
    )
