"""Exact aggregates in SQL: means, medians and variances rounded as the rules round quotients and products (tree.py)."""

from __future__ import annotations

from connector.rules.sql.words import SCALE


def quotient(above: str, scale: int, below: str) -> str:
    """Above (of that scale) / below (whole), to 12 decimals."""
    units, below = _units(above, scale), f"cast({below} as int128)"
    if scale > SCALE:
        return f"quotient({units}, {below} * {10 ** (scale - SCALE)}, cast(1 as int128))"
    return f"quotient({units}, {below}, cast({10 ** (SCALE - scale)} as int128))"


def median(value: str, scale: int, known: str) -> str:
    """Mean of the two middle ones; `known` is the FILTER clause that leaves only known values."""
    ordered, n = f"list_sort(list({value}) {known})", f"count({value}) {known}"
    return quotient(f"({ordered})[({n} + 1) // 2] + ({ordered})[({n} + 2) // 2]", scale, "2")


def variance(value: str, scale: int, known: str) -> str:
    """(n Σx² - (Σx)²) / n²: exact up to the one quotient."""
    exact, n = f"cast({value} as decimal(38, {scale}))", f"count({value}) {known}"
    total = f"cast(sum({value}) {known} as decimal(38, {scale}))"
    return quotient(f"{n} * sum({exact} * {exact}) {known} - {total} * {total}", 2 * scale, f"{n} * {n}")


def gini(value: str, place: str, scale: int) -> str:
    """Gini coefficient, 2 Σ i·x / (n Σ x) - (n + 1) / n, of rows with x and its place i from the lowest."""
    weighted, whole = _units(f"sum({place} * {value})", scale), _units(f"count({value}) * sum({value})", scale)
    return (
        f"quotient(2 * {weighted}, {whole}, cast({10**SCALE} as int128)) "
        f"- {quotient(f'count({value}) + 1', 0, f'count({value})')}"
    )


def _units(amount: str, scale: int) -> str:
    """An exact amount as a whole number of its smallest units."""
    return f"cast(({amount}) * {10**scale} as int128)" if scale else f"cast({amount} as int128)"
