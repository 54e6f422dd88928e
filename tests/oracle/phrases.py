"""Domain 6.4: the sentences, Dutch and English, as the table gives them."""

PHRASES: dict[str, tuple[str, str]] = {
    "tier.strategic": (
        "Strategische klant: nu {value} en {upside} extra mogelijk.",
        "Strategic customer: {value} now and {upside} more possible.",
    ),
    "tier.large": (
        "Grote klant (behouden): {value}, weinig groei meer mogelijk.",
        "Large customer (retain): {value}, little growth left.",
    ),
    "tier.large_provisional": (
        "Grote klant (behouden), voorlopig: {value}, potentieel onbekend.",
        "Large customer (retain), provisional: {value}, potential unknown.",
    ),
    "tier.development": (
        "Ontwikkelingsklant: nu {value}, {upside} extra mogelijk.",
        "Development customer: {value} now, {upside} more possible.",
    ),
    "tier.transactional": (
        "Transactionele klant: {value} en weinig potentieel ({upside}).",
        "Transactional customer: {value} and little potential ({upside}).",
    ),
    "tier.regular": (
        "Gewone klant: {value}; potentieel nog onbekend.",
        "Regular customer: {value}; potential not known yet.",
    ),
    "tier.regular_new": (
        "Nieuwe klant ({tenure} maanden): {value}; nog te vroeg om in te delen.",
        "New customer ({tenure} months): {value}; too early to classify.",
    ),
    "tier.inactive": (
        "Inactief: laatste aankoop {last_won}, eerder {won_count} aankopen.",
        "Inactive: last purchase {last_won}, {won_count} purchases before.",
    ),
    "tier.prospect": (
        "Prospect: toonde interesse ({evidence}), nog niets gekocht.",
        "Prospect: showed interest ({evidence}), nothing bought yet.",
    ),
    "tier.suspect": (
        "Suspect: nog geen contact, aankoop of prijsaanvraag.",
        "Suspect: no contact, purchase or price request yet.",
    ),
    "N1": (
        "Zeg NEE tegen extra inspanning: lage klantwaarde, weinig potentieel.",
        "Say NO to extra effort: low value, little potential.",
    ),
    "N2": (
        "{invoice} staat {days} dagen open en er waren {contacts} servicecontacten in 30 dagen.",
        "{invoice} open for {days} days, and {contacts} service contacts in 30 days.",
    ),
    "N3": (
        "Minder dan {min} medewerkers ({employees}) en na service blijft {margin} over.",
        "Fewer than {min} employees ({employees}) and {margin} left after service.",
    ),
    "N4": (
        "Kleine, veeleisende klant: energie-index {index}, marge na service {margin}.",
        "Small and demanding: energy index {index}, margin after service {margin}.",
    ),
    "N5": (
        "Past niet bij ons profiel: {knockout}.",
        "Outside our profile: {knockout}.",
    ),
    "N6": (
        "Past slecht ({score}/100) en weinig potentieel.",
        "Poor fit ({score}/100) and little potential.",
    ),
    "N7": (
        "Acquisitiekosten zijn {ratio} van de omzet bij lage omzet ({value}).",
        "Acquisition costs are {ratio} of revenue on low revenue ({value}).",
    ),
    "N8": (
        "Oude factuur staat {days} dagen open: eerst betalen.",
        "Old invoice open for {days} days: payment first.",
    ),
    "W1": (
        "Kleine klant met energie-index {index}: loont de inspanning?",
        "Small customer with energy index {index}: is the effort worth it?",
    ),
    "W2": (
        "Acquisitiekosten {ratio} van de omzet: verlaag ze eerst, bijvoorbeeld door te automatiseren.",
        "Acquisition costs {ratio} of revenue: lower them first, e.g. by automating.",
    ),
    "W3": (
        "{invoice} staat {days} dagen open.",
        "{invoice} open for {days} days.",
    ),
    "W4": (
        "Na service blijft {margin} over: onderhandel opnieuw.",
        "{margin} left after service: renegotiate.",
    ),
    "W5": (
        "Profiel past niet goed ({fit}): toets voordat je investeert.",
        "Profile does not fit well ({fit}): check before investing.",
    ),
    "W6": (
        "Vraagt veel aandacht ({contacts} contacten in 30 dagen): begrens of maak er ontwikkeling van.",
        "Asks much attention ({contacts} contacts in 30 days): limit it or turn it into development.",
    ),
    "W7": (
        "Buiten het ideale profiel ({knockout}): bewaak de marge.",
        "Outside the ideal profile ({knockout}): guard the margin.",
    ),
    "W8": (
        "Buiten het ideale profiel: steek geen geld in terugwinnen.",
        "Outside the ideal profile: do not spend on winning back.",
    ),
    "protected": (
        "Geen NEE: beschermd als {protection}.",
        "No NO: protected as {protection}.",
    ),
}
WORDS: dict[str, dict[str, str]] = {
    "nl": {
        "unknown": "onbekend",
        "invoice.first": "Eerste factuur",
        "invoice.oldest": "Oudste factuur",
        "knockout": "{employees} medewerkers (minder dan {min})",
        "evidence.quote": "offerte",
        "evidence.deal": "deal",
        "evidence.supplier": "leverancier",
        "evidence.stage": "fase",
        "protect.strategic": "Strategisch",
        "protect.large": "Groot",
        "protect.potential": "Groeipotentieel",
        "protect.ambassador_knowhow": "Ambassadeur of knowhow",
        "fit.ideal": "Ideale klant",
        "fit.partial": "Past gedeeltelijk",
        "fit.poor": "Past slecht",
        "fit.least_ideal": "Minst ideale klant",
        "fit.unknown": "Onbekend",
    },
    "en": {
        "unknown": "unknown",
        "invoice.first": "First invoice",
        "invoice.oldest": "Oldest invoice",
        "knockout": "{employees} employees (fewer than {min})",
        "evidence.quote": "quote",
        "evidence.deal": "deal",
        "evidence.supplier": "supplier",
        "evidence.stage": "stage",
        "protect.strategic": "Strategic",
        "protect.large": "Large",
        "protect.potential": "Growth potential",
        "protect.ambassador_knowhow": "Ambassador or know-how",
        "fit.ideal": "Ideal customer",
        "fit.partial": "Partial fit",
        "fit.poor": "Poor fit",
        "fit.least_ideal": "Least ideal customer",
        "fit.unknown": "Unknown",
    },
}
"""Words that stand inside sentences: 6.3 and 11.23."""
