#!/usr/bin/env python3
"""Check the whole bus as CI does, against a base where one is given."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.checks import findings, output
from tools.core.checks.run import check_bus
from tools.core.cli import app as cli


@cli.command(doc=__doc__)
@cli.option("--base", metavar="REF", help="Compare with this: the branch bus, or main where it carries the bus.")
@cli.option("--ref", metavar="REF", help="Check the bus of this branch or commit (default: the live folder).")
@cli.option("--format", "form", type=cli.Choice(output.FORMATS), default="text", help="The form of the findings.")
@cli.option("--strict", is_flag=True, help="Old and foreign forms that readers accept are errors too.")
def main(run: cli.Run, *, base: str | None, ref: str | None, form: str, strict: bool) -> None:
    checked = check_bus(run, ref=ref, base=base)
    listed = findings.ordered(findings.stricter(checked.findings) if strict else checked.findings)
    tail = [f"{checked.existing} more that {base} has already"] if base and checked.existing else []
    more = {"known": checked.existing, "base": base, "ref": ref}
    document = output.document(listed, run.spell, **more) if run.as_json else {}
    run.emit(document, "" if run.as_json else output.show(listed, form, run.spell, tail=tail, **more))
    run.finish(1 if findings.failed(listed) else 0)


if __name__ == "__main__":
    cli.main(main)
