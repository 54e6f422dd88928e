"""Customer bases to report on: the reference base of domain.md M1, a busy one, and the corner cases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from connector.model.changes import Cause, Change, Target
from connector.model.fields import Type
from connector.model.outputs import Output
from connector.model.pictures import (
    AdvisedAccount,
    Ageing,
    Attention,
    Crossing,
    Dream,
    Insights,
    MissingField,
    Override,
    Pictures,
    Slice,
    Spend,
    WarningCount,
    Window,
)
from connector.model.verdicts import AccountContext
from connector.report import PlannedAccount, ReportInput
from connector.sandbox.chance import seeded

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping, Sequence

AS_OF = date(2026, 4, 2)
WINDOW = Window("trailing_12_months", date(2025, 4, 3), AS_OF)
BENCHMARKS = {"top": Decimal(40), "big": Decimal(25), "medium": Decimal(15), "small": Decimal(20)}


def _output(name: str, kind: Type, options: Mapping[str, tuple[str, str]], *, ranked: bool = False) -> Output:
    told = {key: {"en": en, "nl": nl} for key, (en, nl) in options.items()}
    return Output(name, kind, {"en": name, "nl": name}, options=told, ranked=ranked)


OUTPUTS = (
    _output(
        "seg_tier",
        Type.TEXT,
        {
            "strategic": ("Strategic customer", "Strategische klant"),
            "large": ("Large customer (retain)", "Grote klant (behouden)"),
            "development": ("Development customer", "Ontwikkelingsklant"),
            "regular": ("Regular customer", "Gewone klant"),
            "transactional": ("Transactional customer", "Transactionele klant"),
            "inactive": ("Inactive customer", "Inactieve klant"),
            "prospect": ("Prospect", "Prospect"),
            "suspect": ("Suspect", "Suspect"),
            "unknown": ("Unknown (data missing)", "Onbekend (gegevens ontbreken)"),
            "excluded": ("Not applicable", "Niet van toepassing"),
        },
    ),
    _output(
        "seg_pyramid_level",
        Type.TEXT,
        {
            "top": ("Top (first 1%)", "Top (eerste 1%)"),
            "big": ("Big (next 4%)", "Groot (volgende 4%)"),
            "medium": ("Medium (next 15%)", "Middelgroot (volgende 15%)"),
            "small": ("Small (other 80%)", "Klein (overige 80%)"),
            "inactive": ("Inactive", "Inactief"),
            "prospect": ("Prospect", "Prospect"),
            "suspect": ("Suspect", "Suspect"),
        },
    ),
    _output(
        "seg_ladder_step",
        Type.TEXT,
        {
            "top_customer": ("Top customer", "Topklant"),
            "regular_customer": ("Regular customer", "Gewone klant"),
            "prospect": ("Prospect", "Prospect"),
            "suspect": ("Suspect", "Suspect"),
        },
        ranked=True,
    ),
    _output(
        "seg_say_no_scope",
        Type.TEXT,
        {
            "decline": ("Do not acquire", "Niet binnenhalen"),
            "no_extra_effort": ("No extra effort", "Geen extra inspanning"),
            "exit_review": ("Review the relationship", "Samenwerking beoordelen"),
        },
    ),
    _output(
        "seg_action",
        Type.TEXT,
        {
            "say_no": ("Say NO", "Zeg NEE"),
            "reconsider": ("Reconsider the effort", "Heroverweeg de inspanning"),
            "collect_first": ("First payment", "Eerst betalen"),
            "escalate_owner": ("Discuss with account owner", "Bespreek met accountmanager"),
        },
    ),
    _output(
        "seg_protected_by",
        Type.MULTI,
        {"strategic": ("Strategic", "Strategisch"), "potential": ("Growth potential", "Groeipotentieel")},
    ),
    _output(
        "seg_data_quality",
        Type.TEXT,
        {
            "complete": ("Complete", "Volledig"),
            "partial": ("Partial", "Gedeeltelijk"),
            "insufficient": ("Insufficient", "Onvoldoende"),
        },
    ),
)

BASE_100 = [400_000, 80_000, 70_000, 55_000, 45_000, *[10_000] * 15, *[2_500] * 80]


def slices(counts: Mapping[str, tuple[int, int]], *, hours: Mapping[str, int] | None = None) -> list[Slice]:
    """Return slices from value -> (accounts, whole euros)."""
    return [
        Slice(value, n, n, euros * 100, Decimal(hours[value]) if hours and value in hours else None)
        for value, (n, euros) in counts.items()
    ]


def base_100(*, hours: bool = False) -> Pictures:
    """Return the reference base: 1 / 4 / 15 / 80 customers with 40 / 25 / 15 / 20 % of a million."""
    energy = {"top": 120, "big": 150, "medium": 130, "small": 600} if hours else None
    return Pictures(
        window=WINDOW,
        revenues_cents=[euros * 100 for euros in BASE_100],
        slices={
            "seg_pyramid_level": slices(
                {"top": (1, 400_000), "big": (4, 250_000), "medium": (15, 150_000), "small": (80, 200_000)},
                hours=energy,
            ),
            "seg_tier": slices({"large": (20, 800_000), "regular": (80, 200_000)}),
        },
        crossings={"seg_tier": [Crossing(None, "large", 20, 80_000_000), Crossing(None, "regular", 80, 20_000_000)]},
        benchmarks=BENCHMARKS,
        lines_cents={"top": 24_000_000, "big": 2_750_000, "medium": 625_000},
    )


def pictures(revenues: Sequence[int] = (), **parts: Sequence[Slice]) -> Pictures:
    """Return pictures of little: revenues in cents and slices by output."""
    return Pictures(window=WINDOW, revenues_cents=revenues, slices=parts, crossings={}, benchmarks=BENCHMARKS)


def source(
    drawn: Pictures, *, planned: Iterable[PlannedAccount] = (), advised: Iterable[AdvisedAccount] = ()
) -> ReportInput:
    """Return the input of a report on these pictures."""
    return ReportInput(
        run="20260402-060000-a1b2",
        crm="hubspot",
        as_of=AS_OF,
        made_at=datetime(2026, 4, 2, 6, 0, tzinfo=UTC),
        rule_version="3f9a12c",
        home_currency="EUR",
        outputs=OUTPUTS,
        pictures=drawn,
        planned=planned,
        advised=advised,
        field_labels={"growth_potential": {"en": "growth potential", "nl": "groeipotentieel"}},
    )


def planned(
    account: str, *, before: str | None, after: str | None, cents: int | None = 0, name: str | None = None
) -> PlannedAccount:
    """Return an account that goes from one tier to another."""
    change = Change(account, Target.ACCOUNT, account, "seg_tier", before, after, Cause.DATA)
    context = AccountContext(account, name, None, cents, before, after, say_no_before=False, say_no_wanted=False)
    return PlannedAccount(context, [change])


def advised(account: str = "1", **parts: Any) -> AdvisedAccount:
    """Return an account with a NO; any field may be given."""
    plain = AdvisedAccount(
        account=account,
        name=None,
        owner=None,
        tier="transactional",
        level="small",
        status="say_no",
        scope="no_extra_effort",
        reasons=("N1",),
        protected_by=(),
        action="say_no",
        action_text=None,
        reason=None,
        revenue_cents=0,
    )
    return replace(plain, **parts)


NAMES = [
    "Van den Broeck Metaalwerken",
    "Jansen & Zonen BV",
    "Noordzee Logistiek",
    "Atelier Lefèvre",
    "De Groene Kas",
    "Koninklijke Drukkerij Peeters",
    "Hoogland Zuivel",
    "Meyer Präzisionstechnik GmbH",
    "Brouwerij De Anker 🍺",
    "Vlaamse Kunststof Unie",
    "Ten Cate Installaties",
    "Maasvlakte Scheepsbouw",
    "Bakkerij Verhulst",
    "Studio Nul Zes",
    "Agro-Service Friesland",
]
REASONS = [
    (
        "exit_review",
        "N2",
        (
            "Gewone klant: € 1.800; potentieel nog onbekend. "
            "Eerste factuur staat 90 dagen open en er waren 18 servicecontacten in 30 dagen."
        ),
    ),
    (
        "decline",
        "N5",
        (
            "Prospect: toonde interesse (offerte), nog niets gekocht. "
            "Past niet bij ons profiel: 40 medewerkers (minder dan 100)."
        ),
    ),
    (
        "no_extra_effort",
        "N1",
        (
            "Transactionele klant: € 2.500 en weinig potentieel (€ 500). "
            "Zeg NEE tegen extra inspanning: lage klantwaarde, weinig potentieel."
        ),
    ),
]


INSIGHTS = Insights(
    net_cents=[9_000_000, 6_000_000, 3_000_000, 1_000_000, 500_000, 0, -500_000, -1_000_000, -3_000_000, -5_000_000],
    ageing=[Ageing("large", (12, 3, 1, 2)), Ageing("transactional", (40, 11, 6, 9))],
    attention=[Attention("top", 5, 1, 0, None), Attention("medium", 63, 20, 4, None)],
    dreams=[Dream("1001", "Zuivelfabriek Mertens en Zonen", 6_250_000, 3_000_000, 2_187_500, "2.5", "1.25")],
    spend=[Spend("seg_icp_fit", "ideal", 20, 3_000_000, 40_000_000), Spend("seg_tier", None, 3, 90_000, None)],
)
"""What single models show, a little of each."""


def busy(accounts: int, *, seed: int = 7) -> ReportInput:
    """Return a report with everything in it, for a population of this size: for the eye and for the stopwatch."""
    chance = seeded(seed)
    active = accounts * 6 // 10
    revenues = sorted((int(chance.paretovariate(1.1) * 180_000) for _ in range(active)), reverse=True)
    cuts = [0, *(-(-active * pct // 100) for pct in (1, 5, 20, 100))]
    levels = [
        Slice(
            level,
            cuts[i + 1] - cuts[i],
            cuts[i + 1] - cuts[i],
            sum(revenues[cuts[i] : cuts[i + 1]]),
            Decimal((cuts[i + 1] - cuts[i]) * (9 - 2 * i)),
        )
        for i, level in enumerate(BENCHMARKS)
    ]
    rest = accounts - active
    outside = [Slice(level, rest // 3, rest // 3, 0) for level in ("inactive", "prospect", "suspect")]
    tiers = [
        Slice("strategic", active // 40, active // 40, sum(revenues[: active // 40])),
        Slice("large", active // 12, active // 12, sum(revenues[active // 40 : active // 8])),
        Slice("development", active // 8, active // 8, sum(revenues[active // 8 : active // 4])),
        Slice("regular", active // 3, active // 3, sum(revenues[active // 4 : active // 2])),
        Slice("transactional", active // 3, active // 3, sum(revenues[active // 2 :])),
        *outside,
        Slice("unknown", 17, 17, 310_000_00),
        Slice("excluded", 12, 12, 0),
    ]
    order = [tier.value for tier in tiers]
    crossings = [Crossing(tier.value, tier.value, tier.accounts, tier.revenue_cents) for tier in tiers]
    crossings += [
        Crossing(order[i], order[j], chance.randint(1, 14), chance.randint(1, 900) * 10_000)
        for i in range(8)
        for j in (i - 1, i + 1)
        if j >= 0
    ]
    return replace(
        source(
            Pictures(
                window=WINDOW,
                revenues_cents=revenues,
                slices={
                    "seg_pyramid_level": [*levels, *outside],
                    "seg_tier": tiers,
                    "seg_ladder_step": [
                        Slice("top_customer", levels[0].accounts, levels[0].customers, levels[0].revenue_cents),
                        Slice("regular_customer", active, active, sum(revenues) - levels[0].revenue_cents),
                        Slice("prospect", rest * 2 // 3, rest * 2 // 3, 0),
                        Slice("suspect", rest // 3, rest // 3, 0),
                    ],
                    "seg_say_no_status": [Slice("say_no", accounts // 5, accounts // 5, 0)],
                    "seg_data_quality": slices(
                        {
                            "complete": (active // 2, 2_400_000),
                            "partial": (active // 2, 900_000),
                            "insufficient": (17, 310_000),
                        }
                    ),
                },
                crossings={"seg_tier": crossings},
                benchmarks=BENCHMARKS,
                insights=INSIGHTS,
                lines_cents={"top": 9_824_000_00, "big": 2_750_000, "medium": 625_000},
                missing=[
                    MissingField("growth_potential", 12, 31_000_000),
                    MissingField("gross_margin_pct", 412, 98_200_000),
                    MissingField("pain_fit", 230, 12_000_000),
                ],
                warnings=[WarningCount("NO_PRIMARY_COMPANY", 4), WarningCount("FUTURE_WON_DATE", 2)],
                overrides=[Override("77", "De Groene Kas", "strategic", None, date(2026, 4, 11), "active")],
            ),
        ),
        planned=[_busy_change(str(1000 + i), chance, changed=i % 17 == 0) for i in range(accounts)],
        advised=[_busy_advice(str(1000 + i), chance) for i in range(accounts) if i % 4 == 0],
    )


def _busy_change(account: str, chance: random.Random, *, changed: bool) -> PlannedAccount:
    before = chance.choice(["regular", "transactional", "development"])
    after = chance.choice(["large", "transactional", "development", "inactive"]) if changed else before
    name, cents = f"{chance.choice(NAMES)}", int(chance.paretovariate(1.1) * 180_000)
    context = AccountContext(
        account,
        name,
        chance.choice(["Els Mertens", "Joost de Wit"]),
        cents,
        before,
        after,
        say_no_before=False,
        say_no_wanted=changed and chance.random() < 0.2,
    )
    cause = chance.choice([Cause.DATA, Cause.PEERS, Cause.PEERS, Cause.TIME])
    changes = [
        Change(account, Target.ACCOUNT, account, f"seg_output_{i}", "1234.50", "-20.25", cause) for i in range(16)
    ]
    return PlannedAccount(
        context, [Change(account, Target.ACCOUNT, account, "seg_tier", before, after, cause), *changes]
    )


def _busy_advice(account: str, chance: random.Random) -> AdvisedAccount:
    scope, rule, reason = chance.choices(REASONS, [1, 4, 15])[0]
    watch = chance.random() < 0.25
    net = None if chance.random() < 0.3 else chance.randint(-90_000, 60_000)
    return advised(
        account,
        name=chance.choice(NAMES),
        status="watch" if watch else "say_no",
        scope=None if watch else scope,
        reasons=(rule,),
        reason=reason,
        protected_by=("potential",) if watch and chance.random() < 0.3 else (),
        action="reconsider" if watch else "say_no",
        tier={"decline": "prospect", "exit_review": "regular"}.get(scope, "transactional"),
        revenue_cents=0 if scope == "decline" else chance.randint(10_000, 900_000),
        net_contribution_cents=net,
        energy_hours=Decimal(chance.randint(0, 60)) / 2,
    )
