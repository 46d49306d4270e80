#!/usr/bin/env python3
"""Write the generated documents: the references of commands and findings, schemas, READMEs of folders."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import templates
from tools.core.checks import output
from tools.core.cli import app as cli
from tools.core.cli.pages import reference
from tools.core.context import as_module
from tools.core.errors import SetupError
from tools.core.fs import files


def generated() -> dict[str, bytes]:
    """Every generated document, by its path in the checkout."""
    from tools.core.board import build
    from tools.core.models import validate  # not loaded for --help

    return {
        "docs/findings.md": output.rules_page(as_module).encode(),
        "docs/commands.md": reference.reference().encode(),
        **{f"docs/schemas/{name}": data for name, data in (validate.schema_files() | build.schema_files()).items()},
        **{f"{folder}/README.md": text.encode() for folder, text in templates.all_maps().items()},
    }


@cli.command(doc=__doc__)
@cli.option("--check", is_flag=True, help="Write nothing; exit 1 when a document is stale.")
def main(run: cli.Run, *, check: bool) -> None:
    workspace = run.workspace
    if not reference.is_checkout(workspace.root):
        raise SetupError(f"{workspace.root} is not the source of this toolkit", code="docs.not_here")
    places = {workspace.in_root(name): data for name, data in generated().items()}
    stale = {place: data for place, data in places.items() if files.read_bytes(place) != data}
    if not check:
        for place, data in stale.items():
            files.replace(place, data)
    names = sorted(place.name for place in stale)
    verb = "stale" if check else "wrote"
    run.emit(
        {"checked": sorted(generated()), verb: names},
        "\n".join(f"{verb} {name}" for name in names) or "all documents are up to date",
    )
    if check and stale:
        run.finish(1)


if __name__ == "__main__":
    cli.main(main)
