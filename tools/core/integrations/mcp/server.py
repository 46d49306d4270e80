"""The server on the official SDK, over stdio: protocol on stdout and nothing else. Home of `mcp`.

It starts and lists its tools without a checkout, a bus or a seat; a tool then says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tools.core import hint
from tools.core.errors import SetupError, ToolkitError
from tools.core.integrations.mcp import actor, catalogue, tools
from tools.core.integrations.mcp.catalogue import ToolSpec

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

MISSING = hint.program("pip", "install", "teof-parallel-agents[mcp]")
RESOURCES = ("bus://claims", "bus://inbox", "bus://board")
TASK = "bus://task/{id}"

Surroundings = Callable[[], tuple[Mapping[str, str], str]]
"""The environment and the folder of this process, asked for at every call."""


def serve(surroundings: Surroundings, version: str) -> None:
    """Serves on stdin and stdout until the client ends; SetupError where the package is missing."""
    server = make(surroundings, version)
    import anyio
    from mcp.server.stdio import stdio_server

    async def run() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(run)


def make(surroundings: Surroundings, version: str) -> Server[Any]:
    """The server, ready to be connected; SetupError where the package is missing."""
    try:
        import anyio.to_thread
        import mcp_types as types
        from mcp.server.lowlevel import Server
    except ImportError as problem:
        raise SetupError(
            f"the MCP server needs the package mcp: {problem}", code="mcp.missing", hint=MISSING
        ) from problem

    async def list_tools(context: Any, params: Any) -> Any:
        return types.ListToolsResult(tools=[types.Tool.model_validate(description(tool)) for tool in catalogue.TOOLS])

    async def call_tool(context: Any, params: Any) -> Any:
        text, is_error = await anyio.to_thread.run_sync(
            lambda: call(params.name, params.arguments or {}, params.meta or {}, *surroundings())
        )
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)

    async def list_resources(context: Any, params: Any) -> Any:
        resources = [
            types.Resource(name=uri.removeprefix("bus://"), uri=uri, mime_type="text/plain") for uri in RESOURCES
        ]
        return types.ListResourcesResult(resources=resources)

    async def list_templates(context: Any, params: Any) -> Any:
        template = types.ResourceTemplate(name="task", uri_template=TASK, mime_type="text/plain")
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(context: Any, params: Any) -> Any:
        text = await anyio.to_thread.run_sync(lambda: read(str(params.uri), *surroundings()))
        contents = types.TextResourceContents(uri=params.uri, mime_type="text/plain", text=text)
        return types.ReadResourceResult(contents=[contents])

    return Server(
        "teof",
        version=version,
        instructions=catalogue.INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


def description(tool: ToolSpec) -> dict[str, Any]:
    """A tool as the protocol has it. Without these annotations Codex refuses a call where nobody can approve it."""
    effects = {"destructiveHint": False, "openWorldHint": False}
    effects["readOnlyHint" if tool.reads_only else "idempotentHint"] = True
    return {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": catalogue.schema(tool),
        "annotations": effects,
    }


def call(
    name: str, given: dict[str, Any], meta: Mapping[str, Any], environment: Mapping[str, str], folder: str
) -> tuple[str, bool]:
    """The text that answers a call, and whether it is a refusal."""
    tool = next((tool for tool in catalogue.TOOLS if tool.name == name), None)
    if tool is None:
        return f"[usage] no tool {name!r}; there are: {', '.join(tool.name for tool in catalogue.TOOLS)}", True
    try:
        values = catalogue.checked(tool, given)
        context = actor.context_of(meta, environment, folder, needs_seat=name not in tools.WITHOUT_SEAT)
        return tools.TOOLS[name](context, values), False
    except ValueError as problem:
        return f"[usage] {problem}", True
    except ToolkitError as problem:
        return tools.refusal(problem), True


def read(uri: str, environment: Mapping[str, str], folder: str) -> str:
    """The text of a resource, or why it cannot be read."""
    try:
        context = actor.context_of({}, environment, folder, needs_seat=uri == "bus://inbox")
        return tools.resource(context, uri)
    except ToolkitError as problem:
        return tools.refusal(problem)
