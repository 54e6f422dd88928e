"""`rules`: check, test, compare, document and describe the rule files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.call import Call, shared
from connector.cli.output import say
from connector.cli.rules_diff import diff

if TYPE_CHECKING:
    from connector.rules.ruleset import RuleSet
    from connector.rules.tree import Position
    from connector.rules.trying.mutating import Noticed

FAILED = 1
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
    typer.echo(
        f"{len(rules.about)} rule files are good: " + ", ".join(f"{v} {k}" for k, v in list(figures.items())[2:])
    )
    for node in unnamed:
        place = ":".join(map(str, _place(node.at).values()))
        typer.echo(f"{place}: explanations tell '{node.name}' by this name: give it a label")
    return 0


def _place(at: "Position") -> dict[str, object]:
    return {"file": at.file, "line": at.line, "column": at.column}


def _check_live(call: Call, directory: Path | None, data: Path | None) -> int:
    from connector.wiring.comparing import population
    from connector.wiring.probing import live

    wiring = call.wiring(needs_file=data is None)
    if directory is not None:
        wiring.rules_directory = directory
    request = population(wiring, data)
    with call.progress() as progress:
        findings, accounts = live(wiring, request, progress)
    if call.json:
        places = [_place(f.at) for f in findings]
        told = [{"kind": f.kind, "message": f.text} for f in findings]
        call.document({"accounts": accounts, "findings": [a | b for a, b in zip(places, told, strict=True)]})
        return 0
    for finding in findings:
        typer.echo(str(finding))
    typer.echo(f"{len(findings)} findings on {accounts:,} accounts, as of {request.as_of}")
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
    for miss in misses:
        say(str(miss))
    if not call.json:
        failed = len({miss.at for miss in misses})
        typer.echo(f"{number - failed} of {number} examples come out")
    if changed is not None and not call.json:
        _tell_share(changed)
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


def _tell_share(changed: "list[Noticed]") -> None:
    noticed = sum(bool(one.example) for one in changed)
    for one in changed:
        if not one.example:
            say(f"{one.at}: no example notices when {one.parameter} becomes {one.changed_to}")
    typer.echo(f"{noticed} of {len(changed)} parameters are held by an example ({100 * noticed // len(changed)}%)")


def docs(
    call: Call,
    *,
    directory: Directory = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write one page per rule file here.")] = None,
    language: Annotated[str, typer.Option(help="en or nl.")] = "en",
) -> int:
    """Write the rules as pages: parameters, rules, outputs, sentences."""
    from connector.rules.docs import pages

    written = pages(_load(call, directory), language=language)
    if out is None:
        typer.echo("\n".join(written.values()))
        return 0
    out.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (out / f"{name}.md").write_text(text, "utf-8")
    say(f"wrote {len(written)} pages to {out}")
    return 0


def schema(call: Call) -> int:
    """Print the JSON Schema of rule files, for completion and checks in an editor."""
    from connector.rules.syntax.schema import schema as make

    call.document(make())
    return 0


def _load(call: Call, directory: Path | None) -> "RuleSet":
    from connector.rules.loading import load

    if directory is not None:
        return load(directory, call.overrides)
    return call.wiring(needs_file=False).rules
