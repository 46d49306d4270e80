"""Work from other trackers taken over, and given back.

Their side
pieces             a piece of work in words that all trackers share
outgoing           a task of ours in the words of other trackers
source_files       a tracker's files, read whole and bounded
front_matter       the YAML above a Markdown file
markdown_sections  the sections below it
beads              .beads/issues.jsonl, read and written
backlog_md         Backlog.md's folder
ticket             tk's .tickets/
taskmaster         task-master's tasks.json
github             what gh prints about issues, read and written
checklist          Markdown boxes, read and written
comma_separated    a table, written
tracker            which there are, by name

Ours
naming             their ids and titles as ids and file names here
dependencies       what waits for what here, without circles
item_text          the file a piece becomes, in parts that are compared
backlog_files      the backlog as an import meets it
kept               what was imported, byte for byte
changes            what an import has to change: pure
writing            files into place, all whole
comments           what was said there as notes here
importing          an import from beginning to end
exporting          the backlog as outgoing tasks
export_file        where an export is written
"""
