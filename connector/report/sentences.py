"""Whole sentences about a report, in one language; the first is what a reader must know."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from connector.model.outputs import LEVEL, SAY_NO_STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.report.advice import AdvisedView
    from connector.report.insights import InsightView
    from connector.report.moves import ChangesView
    from connector.report.pages import Report
    from connector.report.phrasebook import Phrasebook
    from connector.report.pyramid import PyramidView
    from connector.report.scan import ScanView
    from connector.report.trend import TrendView
    from connector.report.views import PopulationView

FLAT, LOW = "FLAT_DISTRIBUTION", "low"


def lead(report: Report, book: Phrasebook) -> Markup:
    """Return the one sentence at the top, its figures emphasised."""
    words = "; ".join(_clauses(report, book)) + "."
    return _emphasised(words[0].upper() + words[1:])


def _clauses(report: Report, book: Phrasebook) -> Iterator[str]:
    population, changes = report.population, report.changes
    if not population.about.accounts:
        yield book.say("lead.empty")
        return
    yield _revenue_clause(population.pyramid, book)
    if not population.pyramid.customers and population.about.unknown:
        yield book.count("lead.unknown", population.about.unknown)
    if population.slices.get(SAY_NO_STATUS):
        yield _say_no_clause(report.advised.say_no, book)
    if changes.tier_changes:
        yield book.count("lead.changes", changes.tier_changes)
    if changes.first:
        yield book.count("lead.first", changes.first)


def _revenue_clause(pyramid: PyramidView, book: Phrasebook) -> str:
    best = pyramid.levels[0] if pyramid.levels else None
    if best is not None and best.customers and best.revenue_pct is not None:
        return book.count("lead.top", best.customers, pct=book.percent(best.revenue_pct))
    if pyramid.customers_for_80:
        return book.count("lead.most", pyramid.customers_for_80)
    return book.count("lead.unpaid", pyramid.customers) if pyramid.customers else book.say("lead.nobody")


def _say_no_clause(count: int, book: Phrasebook) -> str:
    return book.count("lead.say_no", count) if count else book.say("lead.say_no.none")


def _emphasised(words: str) -> Markup:
    """Return the sentence with its numbers, known by their digits, set apart and kept with the word they count."""
    marked = (
        Markup("<b>{}</b>\u00a0").format(word) if word[:1].isdigit() else escape(word + " ") for word in words.split()
    )
    return Markup().join(marked).rstrip()


def scan(view: ScanView, book: Phrasebook) -> list[tuple[str, str]]:
    """Return the four questions of the one-page scan, each with its answer."""
    answers = {
        "energy": _energy_answer(view, book),
        "money": _money_answer(view, book),
        "no": _no_answer(view, book),
        "climb": _climb_answer(view, book),
    }
    return [(book.say(f"scan.{name}"), answer or book.say("scan.unseen")) for name, answer in answers.items()]


def _energy_answer(view: ScanView, book: Phrasebook) -> str:
    if view.top20_energy_pct is None:
        return ""
    status = book.say(f"energy.{view.energy_status}")
    words = book.say("scan.energy.is", pct=book.percent(view.top20_energy_pct), status=status)
    return words + (
        " " + book.say("pyramid.shift", hours=book.hours(view.hours_to_shift)) if view.hours_to_shift else ""
    )


def _money_answer(view: ScanView, book: Phrasebook) -> str:
    if view.spend_on_customers is None:
        return ""
    customers, others = book.money(view.spend_on_customers), book.money(view.spend_on_others)
    return book.say(
        "insight.note.spend", on_customers=customers, on_others=others, others_pct=book.percent(view.others_pct)
    )


def _no_answer(view: ScanView, book: Phrasebook) -> str:
    if view.say_no is None:
        return ""
    words = book.say("scan.no.is", n=book.whole(view.say_no), watch=book.whole(view.watch))
    saved = view.money_saved is not None or view.hours_freed is not None
    more = (
        book.say("scan.no.saves", saved=book.money(view.money_saved), hours=book.hours(view.hours_freed))
        if saved
        else ""
    )
    return f"{words} {more}".strip()


def _climb_answer(view: ScanView, book: Phrasebook) -> str:
    if view.climbed is None:
        return ""
    goal = book.percent(view.ladder_goal_pct)
    up, could, down = (book.whole(n) for n in (view.climbed, view.could_climb, view.fell))
    return book.say("scan.climb.is", up=up, could=could, pct=goal, down=down)


def pyramid_notes(population: PopulationView, book: Phrasebook) -> list[tuple[str, bool]]:
    """Return what the picture says in words, each with whether to mind it."""
    pyramid, warnings = population.pyramid, {one.code for one in population.health.warnings}
    confidences = {one.value for one in population.slices.get("seg_confidence", ()) if one.customers}
    notes = list(_spread_notes(pyramid, book)) + list(_energy_notes(pyramid, book))
    if FLAT in warnings:
        notes.append((book.say("pyramid.flat"), True))
    if pyramid.customers and confidences == {LOW}:
        notes.append((book.say("pyramid.few"), True))
    return notes + [(note, False) for note in _outside_notes(population, book)]


def _spread_notes(pyramid: PyramidView, book: Phrasebook) -> Iterator[tuple[str, bool]]:
    if pyramid.top20_revenue_pct is not None:
        yield book.say("pyramid.top20", pct=book.percent(pyramid.top20_revenue_pct)), False
    if pyramid.customers_for_80 is not None:
        pct = book.percent(pyramid.customers_for_80_pct)
        yield book.count("pyramid.reach", pyramid.customers_for_80, pct=pct), False
    if pyramid.gini is not None and pyramid.customers > 1:
        yield book.say("pyramid.gini", gini=book.number(pyramid.gini)), False
    if pyramid.largest_pct is not None and pyramid.customers > 1:
        key = "pyramid.concentrated" if pyramid.concentrated else "pyramid.largest"
        yield book.say(key, pct=book.percent(pyramid.largest_pct)), pyramid.concentrated


def _energy_notes(pyramid: PyramidView, book: Phrasebook) -> Iterator[tuple[str, bool]]:
    if pyramid.top20_energy_pct is None:
        return
    status = book.say(f"energy.{pyramid.energy_status}")
    words = book.say("pyramid.top20_energy", pct=book.percent(pyramid.top20_energy_pct), status=status)
    if pyramid.hours_to_shift:
        words += " " + book.say("pyramid.shift", hours=book.hours(pyramid.hours_to_shift))
    yield words, pyramid.energy_status == "off_target"


def _outside_notes(population: PopulationView, book: Phrasebook) -> Iterator[str]:
    """Give who stands outside the base, and the energy spent on them: without it nobody climbs (domain.md 7.1)."""
    base = {level.level for level in population.pyramid.levels}
    others = [one for one in population.slices.get(LEVEL, ()) if one.value and one.value not in base]
    counted = [
        f"{book.label('seg_pyramid_level', one.value)} {book.whole(one.accounts)}" for one in others if one.accounts
    ]
    hours = [one.energy_hours for one in others if one.energy_hours is not None]
    if counted:
        yield book.say("pyramid.outside", list=", ".join(counted))
    if hours:
        yield book.say("pyramid.outside_energy", hours=book.hours(sum(hours, Decimal(0))))


def changes_intro(report: Report, book: Phrasebook) -> str:
    """Return how much is planned or written."""
    key = "changes.applied" if report.population.about.applied else "changes.planned"
    changes = report.changes
    return book.say(
        key, values=book.count("changes.values", changes.values), accounts=book.count("accounts", changes.accounts)
    )


def changes_notes(changes: ChangesView, book: Phrasebook) -> list[str]:
    """Return what moves and why, only where there is something."""
    said = [
        (changes.tier_changes, "changes.tier"),
        (changes.first, "changes.first"),
        (changes.newly_say_no, "changes.newly"),
        (changes.no_longer_say_no, "changes.cleared"),
    ]
    notes = [book.count(key, n, amount=book.money(changes.moved_revenue)) for n, key in said if n]
    if changes.causes:
        causes = ", ".join(f"{book.cause(cause)} ({book.whole(n)})" for cause, n in changes.causes)
        notes.append(book.say("changes.why", list=causes))
    return notes


def watch_caption(advised: AdvisedView, book: Phrasebook) -> str:
    """Return the caption of the list of accounts to reconsider."""
    words = book.count("watch.intro", advised.watch)
    if advised.protected:
        words += ", " + book.say("watch.protected", n=book.whole(advised.protected))
    return words


def trend_note(view: TrendView, book: Phrasebook) -> str:
    """Return what the trend lacks; nothing when all four quarters are there."""
    if len(view.quarters) == 1:
        return book.say("trend.first")
    return book.count("trend.lacking", view.lacking) if view.quarters and view.lacking else ""


def insight(view: InsightView, book: Phrasebook) -> str:
    """Return the sentence above a table of insights; empty where the table says it all."""
    key, figures = f"insight.note.{view.name}", dict(view.figures)
    if not book.has(key) or not figures:
        return ""
    told = {name: _figure(name, value, book) for name, value in figures.items() if isinstance(value, Decimal | int)}
    words = book.say(key, **told)
    return f"{words} {book.say(f'{key}.alert')}" if figures.get("alert") else words


def _figure(name: str, value: Decimal | int, book: Phrasebook) -> str:
    if name.endswith("pct"):
        return book.percent(Decimal(value))
    return book.money(value) if isinstance(value, Decimal) else book.whole(value)
