"""The trackers' own formats.

source_files       a tracker's files, read whole and bounded
front_matter       the YAML above a Markdown file
markdown_sections  the sections below it
inheritance        what the parts of a piece wait for because of it
beads_no_work      lines of beads that are no work
beads              .beads/issues.jsonl, read and written
backlog_md         Backlog.md's folder
ticket             tk's .tickets/
taskmaster         task-master's tasks.json
github             what gh prints about issues, read and written
checklist          Markdown boxes, read and written
comma_separated    a table, written
registry           the formats by name
"""
