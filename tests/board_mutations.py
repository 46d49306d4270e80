"""The guards and promises of the boards, weakened one at a time."""

from __future__ import annotations

from tests.mutation import Mutation

PAGE = "tests/core/board/test_page.py"
NUMBERS = "tests/core/board/test_numbers.py"
ACCESS = "tests/core/served/test_access.py"
ACTIONS = "tests/core/served/test_actions.py"
STREAM = "tests/core/served/test_stream.py"
LIVE = "tests/browser/test_live.py"
BROWSED = "tests/browser/test_page.py"

BOARDS = (
    Mutation(
        "text of records not escaped",
        "tools/core/board/page/engine.py",
        "        autoescape=True,\n",
        "        autoescape=False,\n",
        (PAGE,),
        "markup",
    ),
    Mutation(
        "any style allowed on the page",
        "tools/core/board/page/html.py",
        "style-src {_hash(asset('board.css'))}",
        "style-src 'unsafe-inline'",
        (PAGE,),
        "policy",
    ),
    Mutation(
        "colours of a chart in the style sheet alone",
        "tools/core/board/page/templates/sections/top.html",
        ' fill="{{ paint[part.word] }}"',
        "",
        (PAGE,),
        "colours",
    ),
    Mutation(
        "another host answered",
        "tools/core/served/guard.py",
        'if not self._gate.knows_host(headers.get("host", "")):',
        "if False:",
        (ACCESS,),
        "another_host",
    ),
    Mutation(
        "another origin answered",
        "tools/core/served/guard.py",
        'if "origin" in headers and not self._gate.owns_origin(headers["origin"]):',
        "if False:",
        (ACCESS,),
        "another_origin",
    ),
    Mutation(
        "the board shown without the token",
        "tools/core/served/guard.py",
        'raise Refusal(401, "This needs the token that the server printed when it started.")',
        "return True",
        (ACCESS,),
        "without_the_token",
    ),
    Mutation(
        "acting where it was not allowed",
        "tools/core/served/application.py",
        "        if not self._service.reader.acting:\n",
        "        if False:\n",
        (ACTIONS,),
        "only_shows",
    ),
    Mutation(
        "a section replaced whole when something comes",
        "tools/core/board/page/templates/live.js",
        "{ morph(old, fresh); window",
        "{ old.replaceWith(document.importNode(fresh, true)); window",
        (LIVE,),
        "stays",
    ),
    Mutation(
        "any script allowed on the page",
        "tools/core/board/page/html.py",
        "script-src {_hash(asset('board.js'))}",
        "script-src 'unsafe-inline'",
        (PAGE,),
        "policy",
    ),
    Mutation(
        "any style allowed on the served page",
        "tools/core/served/access.py",
        "style-src 'self'; script-src",
        "style-src 'self' 'unsafe-inline'; script-src",
        (ACCESS,),
        "headers",
    ),
    Mutation(
        "a number that the page counts by itself",
        "tools/core/board/page/templates/sections/top.html",
        'data-n="ready">{{ board.ready|length }}',
        'data-n="ready">{{ board.ready[:10]|length }}',
        (NUMBERS,),
        "numbers_of_the_page",
    ),
    Mutation(
        "a number that the terminal counts by itself",
        "tools/core/terminal/views.py",
        "(len(board.alerts), len(board.requests)",
        "(len(board.alerts), len(view.for_reader)",
        (NUMBERS,),
        "screen",
    ),
    Mutation(
        "another verdict on the page than in the JSON",
        "tools/core/board/page/templates/sections/top.html",
        'data-verdict="{{ view.verdict.colour }}"',
        'data-verdict="green"',
        (NUMBERS,),
        "verdict",
    ),
    Mutation(
        "acting for a browser that does not say from where",
        "tools/core/served/application.py",
        'request.scope["by_cookie"] and "origin" not in request.headers',
        "False",
        (ACTIONS,),
        "from_where",
    ),
    Mutation(
        "waiting for a watcher that does not read",
        "tools/core/served/stream.py",
        """        await asyncio.wait_for(send({"type": "http.response.body", "body": body, "more_body": more}), self._patience)""",
        """        await send({"type": "http.response.body", "body": body, "more_body": more})""",
        (STREAM,),
        "stops_reading",
    ),
    Mutation(
        "the title of the tab left as it was",
        "tools/core/board/page/templates/live.js",
        "    document.title = news.title;\n",
        "",
        (LIVE,),
        "title",
    ),
    Mutation(
        "a page that never says how old it is",
        "tools/core/board/page/templates/board.js",
        "    line.hidden = age < 120;\n",
        "    line.hidden = true;\n",
        (BROWSED,),
        "old_it_is",
    ),
)
