"""Documents of a store where a question costs nothing: each is read by itself."""

from __future__ import annotations

from tools.core import ids
from tools.core.errors import DataError, ToolkitError, UsageError
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.store.api import Document

if TYPE_CHECKING:
    from tools.core.store.contract import Store


def documents(store: Store, names: tuple[str, ...]) -> dict[str, Document | ToolkitError]:
    """See Store."""
    answer: dict[str, Document | ToolkitError] = {}
    for name in names:
        for document in [name] if "/" in name else [f"{name}/{task}" for task in store.names(name)]:
            try:
                content = store.get(document) if "/" in name else _listed(store, document)
            except UsageError:
                raise
            except ToolkitError as error:
                answer[document] = error
                continue
            if content is not None:
                answer[document] = content
    return answer


def _listed(store: Store, document: str) -> Document | None:
    if not ids.is_task(document.partition("/")[2]):
        raise misnamed(store.where(document))
    return store.get(document)


def misnamed(where: str) -> DataError:
    """What is said of a document whose name is no task's."""
    return DataError(Problem(where, 1, "the file name is not a task id", "file.name"))
