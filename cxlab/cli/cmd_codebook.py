"""``cxlab codebook``: what each column is: drafted, asked for, set, and held against data."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxlab.cli.reading import reads_data
from cxlab.data.locations import apart, placed, sought
from cxlab.problem import DataProblem

if TYPE_CHECKING:
    from cxlab.data.doubt import Doubt
    from cxlab.data.infer import Draft
    from cxlab.data.study import Study

MOST = 5
"""Doubts that `infer` lists; `ask` goes through all."""

SHOWN = "outcome touchpoint segment brand wave weight cluster case event time owner channel"


@click.group()
def codebook() -> None:
    """Say what each column of a file is: role, scale, labels, missing codes.

    \b
    cxlab codebook infer survey.csv                 # what is guessed, why, and what is in doubt
    cxlab codebook ask survey.csv                   # answer the doubts, write the codebook
    cxlab codebook set survey.csv overall role=outcome scale=1-5
    cxlab codebook check survey.csv                 # data against their codebook
    cxlab codebook check june.csv --like may.csv    # what is new, gone, recoded
    """


@codebook.command()
@click.argument("data")
@click.option("-o", "--output", default="", help="Write it here; 'auto' is <stem>.datapackage.json beside the data.")
@click.option("--force", is_flag=True, help="Overwrite an existing codebook.")
@click.option("--json", "as_json", is_flag=True, help="Print codebook, guesses and doubts as JSON.")
@reads_data
def infer(data: str, output: str, force: bool, as_json: bool) -> None:
    """Draft the codebook of DATA, list each guess with its reason, and ask what is not sure.

    \b
    cxlab codebook infer survey.csv
    cxlab codebook infer export.sav -o export.datapackage.json
    cxlab codebook infer survey.xlsx --sheet Answers --dictionary Codes --json
    """
    from cxlab.data import codebook as codebooks
    from cxlab.data import load

    if apart(data)[1].get("codebook"):
        raise click.UsageError("infer drafts a codebook; leave --codebook out, or use `cxlab codebook check`")
    path = placed(data)
    raw, draft = load.drafted(data)
    book = replace(draft.codebook, doubts=draft.doubts)
    if as_json:
        found = {"codebook": codebooks.write(book, path.name), "guesses": [vars(g) for g in draft.guesses]}
        found["doubts"] = [d.to_dict() for d in draft.doubts]
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _print(raw.kind, draft)
        if not draft.doubts:
            click.echo("\nNothing is in doubt. A guess may still be wrong: cxlab codebook set FILE COLUMN role=...")
        unsure(draft.doubts, data)
    if output:
        target = own(path) if output == "auto" else Path(output)
        if target.exists() and not force:
            raise click.UsageError(f"{target} exists; --force overwrites it")
        written(book, target, path)
        click.echo(f"Written: {target}. Correct what is wrong in it; {used(target, path)}", err=True)


def _print(kind: str, draft: Draft) -> None:
    """Print the notes, the guesses and the roles of a draft."""
    click.echo(f"{kind}: {len(draft.codebook.fields)} fields")
    for note in (n for n in draft.codebook.notes if not n.startswith("inferred ")):
        click.echo(f"  {note}")
    click.echo("\nGuesses, each with its reason:")
    last = ""
    for guess in draft.guesses:
        name = guess.column if guess.column != last else ""
        click.echo(f"  {name:<24} {guess.what}  ({guess.why})")
        last = guess.column
    found = {role: draft.codebook.role(role) for role in SHOWN.split()}
    click.echo(
        "\nRoles found: " + "; ".join(f"{r} {', '.join(n[:4])}{' ...' if n[4:] else ''}" for r, n in found.items() if n)
    )


def unsure(doubts: Sequence[Doubt], data: str) -> None:
    """Print the heaviest doubts with their answers and the command of each."""
    from cxlab.data.doubt import together

    if not doubts:
        return
    doubts = together(doubts)
    more = f", the {MOST} that matter most" if len(doubts) > MOST else ""
    click.secho(f"\nNot sure ({len(doubts)}{more}):", bold=True)
    for k, d in enumerate(doubts[:MOST], 1):
        click.echo(f"  {k}. {d.asks}")
        if d.answers:
            click.echo(f"     taken: {d.answers[0]}; else: {' / '.join(d.answers[1:]) or '-'}")
        if line := d.line(data):
            click.echo(f"     {line}")
    click.echo(f"Answer them one by one: cxlab codebook ask {shlex.quote(data)}")


def own(path: Path) -> Path:
    """Return the codebook that is found by itself beside a file."""
    return path.with_name(f"{path.stem}.datapackage.json")


def used(target: Path, path: Path) -> str:
    """Return in words when a codebook is used that is written to ``target``."""
    from cxlab.data.load import beside

    found = beside(path)
    if found is not None and found.resolve() == target.resolve():
        return f"it is used whenever {path.name} is loaded"
    return f"it is used where you name it: --codebook {shlex.quote(str(target))}, cx.load({str(path)!r}, codebook=...)"


def written(book: Any, target: Path, path: Path) -> None:
    """Write a codebook that leads to its data."""
    from cxlab.data import codebook as codebooks

    if not target.parent.is_dir():
        raise DataProblem(f"there is no folder {target.parent} to write {target.name} to")
    where = os.path.relpath(path.resolve(), target.parent.resolve())
    text = json.dumps(codebooks.write(book, Path(where).as_posix()), ensure_ascii=False, indent=2) + "\n"
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(target)


def target_of(data: str, output: str) -> Path:
    """Return where the codebook of DATA is written: -o, --codebook, the one beside it, or a new one beside it."""
    from cxlab.data.load import beside

    path = placed(data)
    if not path.exists():
        raise DataProblem(f"there is no file {sought(data)}; ask and set write a codebook beside a file of yours")
    return Path(output or apart(data)[1].get("codebook", "") or beside(path) or own(path))


@codebook.command()
@click.argument("data")
@click.option("-o", "--output", default="", help="Write it here; by default the codebook beside DATA.")
@reads_data
def ask(data: str, output: str) -> None:
    """Go through what is in doubt about DATA, write the codebook, and say what changed in the headline.

    Enter takes what was guessed, s leaves a question open, q stops and writes what was answered.

    \b
    cxlab codebook ask survey.csv
    yes 1 | cxlab codebook ask survey.csv           # keep every guess
    """
    from cxlab.data.doubt import together
    from cxlab.data.load import load

    target = target_of(data, output)
    study = load(data)
    doubts = together(study.doubts)
    if not doubts:
        click.echo(f"Nothing is in doubt about {study.name}.")
        return
    before, asked, settled = headline_of(study), study, 0
    click.echo(f"{len(doubts)} questions about {study.name}; now: {before}\n")
    for k, doubt in enumerate(doubts, 1):
        answer, asked = _asked(k, len(doubts), doubt, asked, data)
        if answer == "q":
            break
        settled += answer != "s"
    if not settled:
        click.echo("Nothing was answered; nothing is written.")
        return
    said(asked, data, target, before)


def _asked(k: int, of: int, doubt: Doubt, study: Study, data: str) -> tuple[str, Study]:
    """Ask one question until its answer can be used; return the answer and the study with it."""
    click.secho(f"{k}/{of} {doubt.asks}", bold=True)
    answers = doubt.answers or ("yes",)
    for n, words in enumerate(answers, 1):
        click.echo(f"   {n} {words}{' (taken now)' if n == 1 else ''}")
    choices = click.Choice([*map(str, range(1, len(answers) + 1)), "s", "q"])
    while True:
        answer = click.prompt("  ", type=choices, default="1", show_choices=False, prompt_suffix="> ")
        if answer in ("s", "q"):
            return answer, study
        setting = doubt.settings[int(answer) - 1] if int(answer) <= len(doubt.settings) else ""
        if answer != "1" and not setting:
            click.echo(f"   this is answered by: {doubt.line(data) or 'editing the codebook'}")
            return "s", study
        try:
            return answer, with_answer(study, doubt.columns, setting)
        except DataProblem as problem:
            click.secho(f"   {problem}", fg="red")


def with_answer(study: Study, columns: Sequence[str], setting: str) -> Study:
    """Return the study with what an answer sets, and its doubt settled; of no column: what is asked of the file."""
    if columns:
        return declared(study, columns, settings_of(shlex.split(setting), columns[0]))
    book = replace(study.codebook, settled=(*study.codebook.settled, ""))
    book = replace(book, doubts=tuple(d for d in book.doubts if d.column))
    return replace(study, codebook=book, doubts=tuple(d for d in study.doubts if d.column))


def declared(study: Study, columns: Sequence[str], settings: dict[str, str], *, now: bool = False) -> Study:
    """Return the study with the settings of the columns, and print what follows, with ``now`` what each column is."""
    from cxlab.data.naming import named
    from cxlab.data.settings import with_settings

    lines = []
    for column in columns:
        name = named(study, column)
        study, told = with_settings(study, column, settings)
        f = study.field(name)
        is_now = [f"{k} {v}" for k, v in (("role", f.role), ("measure", f.measure), ("scale", f.scale)) if v]
        head = [f"{name}: {', '.join(map(str, is_now)) or 'no role'}"] if now else []
        lines += [*head, *(f"   {line}" if now or len(columns) == 1 else f"   {name}: {line}" for line in told)]
    for line in lines:
        click.echo(line)
    return study


def settings_of(words: Sequence[str], column: str) -> dict[str, str]:
    """Return ``key=value`` words as settings; 'sure' alone keeps the column as it is."""
    found: dict[str, str] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign and word != "sure":
            raise click.UsageError(f"'{word}' is no setting of '{column}'; write key=value, as role=outcome, or sure")
        if key in found:
            raise click.UsageError(f"{key} is given twice: '{found[key]}' and '{value}'")
        if sign:
            found[key] = value
    return found


def headline_of(study: Study) -> str:
    """Return the headline of a study in one line."""
    from cxlab.models.metrics.headline import headline

    return headline(study)


def said(study: Study, data: str, target: Path, before: str) -> None:
    """Write the codebook of a study, load the file anew with it, and say what it does to the headline."""
    from cxlab.data.load import load

    path = placed(data)
    book = replace(study.codebook, doubts=study.doubts)
    after = headline_of(load(str(path), **{**apart(data)[1], "codebook": book}))  # refused before it is written
    written(book, target, path)
    if before == after:
        click.echo(f"The headline stays: {after}")
    else:
        click.echo(f"before: {before}")
        click.secho(f"now:    {after}", bold=True)
    left = f"; {len(study.doubts)} questions are open" if study.doubts else ""
    click.echo(f"Written: {target}; {used(target, path)}{left}.", err=True)


@codebook.command(name="set")
@click.argument("data")
@click.argument("words", nargs=-1, required=True, metavar="COLUMN... SETTING...")
@click.option("-o", "--output", default="", help="Write it here; by default the codebook beside DATA.")
@reads_data
def set_(data: str, words: tuple[str, ...], output: str) -> None:
    """Declare COLUMN of DATA (a name, title or wording; several too) by key=value; a codebook is drafted if need be.

    Keys: role, measure, type, scale (1-5, none), best (high, low), labels, missing, leave_out (values whose rows are
    nobody's answers; 'empty', none), title, question, stage, owner, unit, about, note, format (decimal-comma,
    decimal-point, %d/%m/%Y). The settings are held against the file; 'sure' alone says that the guess is right.

    \b
    cxlab codebook set survey.csv overall role=outcome scale=1-5 missing=9,99
    cxlab codebook set survey.csv staff price speed scale=0-5 missing=
    cxlab codebook set survey.csv Q7 role=text
    cxlab codebook set survey.csv satisfaction role=outcome labels="1=dissatisfied;2=satisfied"
    cxlab codebook set survey.csv Finished leave_out=False
    cxlab codebook set survey.csv panel_id sure
    """
    from cxlab.data.load import load

    target = target_of(data, output)
    study = load(data)
    columns, settings = parted(study, words)
    changed = declared(study, columns, settings_of(settings, columns[0]), now=True)
    said(changed, data, target, headline_of(study))


def parted(study: Study, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the columns and the settings of ``set``: the first word and all that name columns before a setting."""
    from cxlab.data.naming import named
    from cxlab.data.settings import KEYS

    k = 1
    while k < len(words) and words[k] != "sure" and words[k].partition("=")[0] not in KEYS:
        try:
            named(study, words[k])
        except DataProblem:
            break
        k += 1
    if k == len(words):
        raise click.UsageError(f"set needs what '{words[-1]}' is: key=value, as role=outcome, or sure")
    return list(words[:k]), list(words[k:])


@codebook.command()
@click.argument("data")
@click.option(
    "--like", default="", metavar="OLD", help="Last month's file, or its codebook: what is new, gone, recoded."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@reads_data
def check(data: str, like: str, as_json: bool) -> None:
    """Compare DATA (a file, or a study of the catalogue) with its codebook, or with the shape of an OLD file.

    Reports values outside the scale, undeclared codes, text among numbers, columns without answers, columns that data
    or codebook lack, unused labels; with --like what is new, gone or recoded (labels, scales, types, levels). Exit code
    1 when anything but a remark was found.

    \b
    cxlab codebook check survey.csv
    cxlab codebook check survey.csv --codebook survey.datapackage.json --json
    cxlab codebook check june.csv --like may.csv
    cxlab codebook check airline-survey
    """
    from cxlab.data import check as checking
    from cxlab.data import load

    if like:
        _alike(data, like, as_json)
    study = load.unchecked(data)
    findings = checking.check(study)
    serious = [f for f in findings if f.serious]
    if as_json:
        found = {"study": study.name, "findings": [f.to_dict() for f in findings]}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            click.echo(f"{'problem' if finding.serious else 'remark '}  {finding}")
        click.echo(f"{study.name}: {len(serious)} problems, {len(findings) - len(serious)} remarks")
        bare, options = apart(data)
        given = bool(options.get("codebook")) or load.beside(placed(bare)) is not None
        if not given and any(n.startswith("inferred ") for n in study.codebook.notes):
            click.echo(
                "There is no codebook; one was inferred. Write it with `cxlab codebook infer -o auto`, then correct it."
            )
    sys.exit(1 if serious else 0)


def _alike(data: str, like: str, as_json: bool) -> None:
    """Say how DATA differ from the shape of an old file, and end with the exit code."""
    from cxlab.data import codebook as codebooks
    from cxlab.data import load
    from cxlab.data.likeness import likeness

    bare, options = apart(data)
    if options.get("codebook"):
        raise click.UsageError("--like names the old codebook; leave --codebook out")
    is_book = placed(like).name.endswith(".json")
    old = None if is_book else load.unchecked(like)
    book = codebooks.read(placed(like)) if is_book else old.codebook
    guessed = load.drafted(data)[1].codebook
    new = load.unchecked(bare, **{**options, "codebook": replace(book, doubts=())})
    changes = likeness(new, guessed, book, old)
    serious = [c for c in changes if c.serious]
    if as_json:
        found = {"study": bare, "like": like, "changes": [c.to_dict() for c in changes]}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        sys.exit(1 if serious else 0)
    for change in changes:
        click.echo(f"{'look' if change.serious else 'note'}  {change}")
    kept = sum(f.name in new.columns or bool(f.columns) for f in book)
    counts = f"{len(serious)} to look at, {len(changes) - len(serious)} notes"
    click.echo(f"{kept} of {len(book.fields)} columns carry over; {counts}")
    found = placed(like) if is_book else load.beside(placed(like))
    if not serious and found is not None:
        click.echo(f"The codebook fits: --codebook {shlex.quote(str(found))}, or copy it to {own(placed(bare))}")
    sys.exit(1 if serious else 0)
