"""Made-up files in the exact forms that other trackers write."""

import json

BEADS = (
    '{"id":"demo-a1","title":"Parse the header","description":"Read it.\\nStatus: done\\n","status":"open","priority":1,'
    '"issue_type":"epic","owner":"ada@example.org","created_at":"2026-02-04T16:37:39.524657-08:00","created_by":"Ada",'
    '"updated_at":"2026-02-04T16:37:39.524657-08:00"}\n'
    '{"id":"demo-a1.1","title":"Name the line","design":"1. count\\n2. say","acceptance_criteria":"- path:line",'
    '"notes":"n","status":"closed","priority":0,"issue_type":"task","estimated_minutes":480,'
    '"created_at":"2026-02-04T16:38:05.103037-08:00","updated_at":"2026-02-04T17:22:17.42454-08:00",'
    '"closed_at":"2026-02-04T17:22:17.42454-08:00","close_reason":"Closed","dependencies":[{"issue_id":"demo-a1.1",'
    '"depends_on_id":"demo-a1","type":"parent-child","created_at":"2026-02-04T16:38:05.105686-08:00","created_by":"Ada"}]}\n'
    ' {"_type":"issue","id":"demo-a1.2","title":"Name the reason","status":"in_progress","priority":2,"issue_type":"bug",'
    '"assignee":"codex-1","labels":["parser"],"metadata":{"deep":[1,true]},"dependency_count":2,"comment_count":2,'
    '"created_at":"2026-02-04T16:38:15Z","updated_at":"2026-02-05T09:16:51.327735-08:00","dependencies":['
    '{"issue_id":"demo-a1.2","depends_on_id":"demo-a1","type":"parent-child","created_at":"2026-02-04T16:38:15Z"},'
    '{"issue_id":"demo-a1.2","depends_on_id":"demo-a1.1","type":"blocks","created_at":"2026-02-04T16:38:15Z"},'
    '{"issue_id":"demo-a1.2","depends_on_id":"demo-zz","type":"discovered-from","created_at":"2026-02-04T16:38:15Z"}],'
    '"comments":[{"id":1,"issue_id":"demo-a1.2","author":"Ada","text":"First\\nsecond","created_at":"2026-02-05T01:32:02Z"},'
    '{"id":"c-2","issue_id":"demo-a1.2","author":"Bob","text":"Short","created_at":"2026-02-05T02:00:00Z"}]}\n'
    '{"id":"demo-d","title":"Later","status":"deferred","priority":4,"issue_type":"chore",'
    '"defer_until":"2027-01-01T00:00:00Z","created_at":"2026-02-06T00:00:00.123456789Z","updated_at":"2026-02-06T00:00:00Z"}\n'
    '{"id":"demo-t","title":"Gone","status":"tombstone","priority":2,"issue_type":"task","deleted_at":"2026-02-06T00:00:00Z"}\n'
    '{"id":"demo-m","title":"Mail","status":"open","priority":2,"issue_type":"message","ephemeral":true}\n'
    '{"_type":"memory","key":"context","value":"remember"}\n'
)

TASKMASTER = json.dumps(
    {
        "master": {
            "tasks": [
                {
                    "id": 1,
                    "title": "Set up",
                    "description": "d",
                    "details": None,
                    "testStrategy": "run it",
                    "priority": "high",
                    "dependencies": [],
                    "status": "done",
                    "subtasks": [
                        {"id": 1, "title": "Clone", "description": "c", "dependencies": [], "status": "done"},
                        {
                            "id": 2,
                            "title": "Build",
                            "dependencies": [1],
                            "details": "Status: done",
                            "status": "pending",
                        },
                    ],
                },
                {"id": "2", "title": "Assess", "dependencies": [1, "3.1"], "status": "review", "priority": "critical"},
                {"id": 3, "title": "Drop", "dependencies": ["1"], "status": "cancelled"},
            ],
            "metadata": {"created": "2026-06-20T00:00:00Z"},
        },
        "feature-x": {"tasks": [{"id": 1, "title": "Elsewhere", "status": "deferred", "dependencies": []}]},
    },
    indent=2,
)

BACKLOG_CONFIG = 'project_name: "Demo"\nstatuses: ["To Do", "Doing", "Review", "Shipped"]\nlabels: []\n'

BACKLOG_TASK = """---
id: TASK-1
title: 'First: with colon'
status: Review
assignee:
  - '@sara'
  - codex-1
created_date: '2026-11-26 18:52'
labels:
  - a
  - 'b # c'
milestone: v1
dependencies: []
references:
  - src/x.ts
priority: high
ordinal: 1000
---

## Description

<!-- SECTION:DESCRIPTION:BEGIN -->
Line one
## A heading of the text
Status: done
<!-- SECTION:DESCRIPTION:END -->

## Acceptance Criteria
<!-- AC:BEGIN -->
- [x] #1 works
- [ ] #2 tested
<!-- AC:END -->

## Comments

<!-- COMMENTS:BEGIN -->
author: bob
created: 2026-11-26 18:53
---
Looks fine
second line
---
<!-- COMMENTS:END -->
"""

BACKLOG_CHILD = """---
id: TASK-1.1
title: Second's "quote"
status: To Do
assignee: []
created_date: '2026-11-26 18:54'
labels: []
dependencies:
  - TASK-1
parent_task_id: TASK-1
---
"""

TICKET = """---
id: dm-5c46
status: open
deps: [dm-0001, dm-0002]
links: [dm-0003]
created: 2026-01-09T13:13:43Z
type: bug
priority: 1
assignee: Ada Lovelace
external-ref: gh-12
---
# Port the links

Text above.

## Design

Small.

## Notes

**2026-01-09T13:14:14Z**

First note.

```sh
## not a heading
```

**2026-01-09T13:42:16Z**

Second note.
"""

GITHUB = json.dumps(
    [
        {
            "assignees": [{"id": "MDQ6", "login": "codex-1", "name": "C"}],
            "author": {"login": "ada", "is_bot": False},
            "blockedBy": {"nodes": [{"number": 2, "title": "No"}, {"number": 3, "title": "Yes"}], "totalCount": 2},
            "body": "### Describe\r\n\r\nStatus: done\r\n",
            "closedAt": None,
            "comments": [
                {"id": "IC_1", "author": {"login": "bob"}, "body": "me too", "createdAt": "2026-08-06T19:15:36Z"}
            ],
            "createdAt": "2026-08-06T18:15:36Z",
            "labels": [{"id": "LA_1", "name": "priority: high", "color": "dcdcdc"}, {"name": "bug"}],
            "milestone": {"number": 4, "title": "1.0", "dueOn": None},
            "number": 1,
            "state": "OPEN",
            "stateReason": "",
            "title": "`x` fails",
            "url": "https://github.com/o/r/issues/1",
        },
        {
            "number": 2,
            "title": "No",
            "state": "CLOSED",
            "stateReason": "NOT_PLANNED",
            "url": "https://github.com/o/r/issues/2",
        },
        {
            "number": 3,
            "title": "Yes",
            "state": "CLOSED",
            "stateReason": "COMPLETED",
            "url": "https://github.com/o/r/issues/3",
        },
    ]
)

CHECKLIST = """# Tasks: merging

## Phase 1: Setup

- [X] T001 [P] Move `a.json`
- [ ] T002 [P] [US1] Create `b.py` (depends on T001)
- [~] **T003**: Define the shapes:
  add them. Depends on T001, T002 and more
  - [ ] read
  - [x] write

```md
- [ ] T009 not a task
```

- a plain bullet
* [-] drop this
+ [ ] write the docs
"""
