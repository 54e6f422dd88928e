"""`rules`: check, test, compare, document and describe the rule files."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from connector.cli.call import Call, shared
from connector.cli.output import say
from connector.cli.rules_diff import diff
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from connector.model.texts import Texts
    from connector.rules.ruleset import RuleSet
    from connector.rules.tree import Position
    from connector.rules.trying.mutating import Noticed

FAILED = 1
Language = Literal["en", "nl"]
Directory = Annotated[Path | None, typer.Argument(help="Folder of rule files; else that of the settings.")]


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The rule files: check, test, compare, document, describe.")
    group.command("check")(shared(check))
    group.command("test")(shared(run_examples))
    group.command("diff")(shared(diff))
    group.command("docs")(shared(docs))
    group.command("schema")(shared(schema))
    app.add_typer(group, name="rules", rich_help_panel="Rules")


def check(
    call: Call,
    *,
    directory: Directory = None,
    live: Annotated[bool, typer.Option("--live", help="Hold the rules against the population of the mirror.")] = False,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="With --live: files instead of the mirror.")] = None,
) -> int:
    """Check every rule file: all problems at once, each with its place, a caret and what to write instead.

    Values that explanations tell by an internal name, for want of a label, are named too; they are no mistake.
    --live also tells which rules never or always hold, which tiers nobody has, gaps, lines drawn through a crowd, and
    fields nobody fills; these are advice, the exit code stays 0.
    """
    if live or data is not None:
        return _check_live(call, directory, data)
    from connector.rules.trying.nameless import nameless

    rules = _load(call, directory)
    unnamed = nameless(rules)
    figures = {
        "version": rules.version,
        "files": len(rules.about),
        "parameters": len(rules.parameters),
        "names": len(rules.nodes),
        "outputs": len(rules.outputs),
        "examples": len(rules.examples),
    }
    if call.json:
        call.document(figures | {"unlabelled": [{"name": node.name} | _place(node.at) for node in unnamed]})
        return 0
    texts = _texts(call, rules)
    typer.echo(texts.say("rules.good", **{name: count for name, count in figures.items() if name != "version"}))
    for node in unnamed:
        typer.echo(f"{node.at.place}: " + texts.say("rules.unnamed", name=node.name))
    return 0


def _place(at: "Position") -> dict[str, object]:
    return {"file": at.file, "line": at.line, "column": at.column}


def _check_live(call: Call, directory: Path | None, data: Path | None) -> int:
    from connector.model.texts import told
    from connector.wiring.comparing import population
    from connector.wiring.probing import live

    wiring = call.wiring(needs_file=data is None)
    if directory is not None:
        wiring.rules_directory = directory
    request = population(wiring, data)
    with call.progress() as progress:
        findings, accounts = live(wiring, request, progress)
    if call.json:
        rows = [_place(found.at) | {"kind": found.kind, "message": found.text} for found in findings]
        call.document({"accounts": accounts, "findings": rows})
        return 0
    texts = _texts(call, wiring.rules)
    for finding in findings:
        typer.echo(f"{finding.at.place}: {told(finding.text, texts.language)}")
    typer.echo(texts.say("rules.live", findings=len(findings), accounts=accounts, as_of=request.as_of))
    return 0


def run_examples(
    call: Call,
    *,
    directory: Directory = None,
    share: Annotated[
        bool, typer.Option("--share", help="Also change every parameter in turn: does an example notice? Minutes.")
    ] = False,
) -> int:
    """Run the worked examples inside the rule files; exit code 1 when one does not come out."""
    from connector.rules.trying.examples import run_example

    rules = _load(call, directory)
    misses = [miss for example in rules.examples for miss in run_example(rules, example)]
    number = len(rules.examples)
    changed = _mutated(call, rules) if share and not misses else None
    if call.json:
        lines = [
            {"example": m.example, "account": m.account, "name": m.name, "expected": m.expected, "found": m.found}
            for m in misses
        ]
        call.document({"examples": number, "misses": lines} | ({} if changed is None else _share(changed)))
    texts = _texts(call, rules)
    for miss in misses:
        what = {"what": f"{miss.account}.{miss.name}", "found": miss.found, "expected": miss.expected}
        say(f"{miss.at.file}:{miss.at.line}: " + texts.say("rules.miss", example=miss.example, **what))
    if not call.json:
        failed = len({miss.at for miss in misses})
        typer.echo(texts.say("rules.examples", good=number - failed, all=number))
    if changed is not None and not call.json:
        _tell_share(changed, texts)
    return FAILED if misses else 0


def _mutated(call: Call, rules: "RuleSet") -> "list[Noticed]":
    from connector.rules.trying.mutating import mutate

    with call.progress() as progress:
        return mutate(rules, lambda done, total: progress("change parameters", done, total))


def _share(changed: "list[Noticed]") -> dict[str, object]:
    noticed = sum(bool(one.example) for one in changed)
    return {
        "parameters": len(changed),
        "noticed": noticed,
        "unnoticed": [{"parameter": one.parameter, "at": one.at} for one in changed if not one.example],
    }


def _tell_share(changed: "list[Noticed]", texts: "Texts") -> None:
    noticed = sum(bool(one.example) for one in changed)
    for one in changed:
        if not one.example:
            say(f"{one.at}: " + texts.say("rules.unnoticed", parameter=one.parameter, to=one.changed_to))
    typer.echo(texts.say("rules.share", noticed=noticed, all=len(changed), pct=100 * noticed // len(changed)))


def docs(
    call: Call,
    *,
    directory: Directory = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write one page per rule file here.")] = None,
    language: Annotated[Language | None, typer.Option(help="Else that of the settings, else of the rules.")] = None,
) -> int:
    """Write the rules as pages: parameters, rules, outputs, sentences."""
    from connector.rules.docs import pages

    rules = _load(call, directory)
    texts = _texts(call, rules, asked=language)
    written = pages(rules, language=texts.language)
    if out is None:
        typer.echo("\n".join(written.values()))
        return 0
    out.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (out / f"{name}.md").write_text(text, "utf-8")
    say(texts.say("rules.written", n=len(written), folder=out))
    return 0


def schema(call: Call) -> int:
    """Print the JSON Schema of rule files, for completion and checks in an editor."""
    from connector.rules.syntax.schema import schema as make

    call.document(make())
    return 0


def _texts(call: Call, rules: "RuleSet", *, asked: str | None = None) -> "Texts":
    """Return what is printed of these rules: as asked, else as the settings say where they can be read, else theirs."""
    from connector.model.texts import Texts

    return Texts("connector.cli", asked or _set_language(call) or rules.language)


def _set_language(call: Call) -> str | None:
    with suppress(ConnectorError):  # rules are looked at without settings too
        return call.wiring(needs_file=False).settings.run.language
    return None


def _load(call: Call, directory: Path | None) -> "RuleSet":
    from connector.rules.loading import load

    if directory is not None:
        return load(directory, call.overrides)
    return call.wiring(needs_file=False).rules
