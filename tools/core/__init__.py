"""Everything the commands share, in reading order; a module imports only those listed above it.

The ground

errors          the kinds of failure: one class, one exit code, one hint
clock           moments and durations, to and from text
ids             names from outside, checked before they touch a path; new record ids
digests         SHA-256 without the cost of loading OpenSSL
render          rows in, text out; hostile text made visible
redaction       secrets in text, replaced before they are written
globs           whether two path patterns may name the same file
workspace       the checkout, the live bus, every path below them
git             the one door to git
files           files below a trusted folder: no links followed, replaced whole, durable
locks           one writer at a time
jsonl           logs of one JSON object a line
pointers        where in a JSON text a pointer's value lies

The bus as files

records         the one definition of each record of the bus
foreign         old and foreign records, read into today's
append          the end of a log, mended and appended to
transaction     one commit, laid out so that another process can finish it
merge           pure rules: what two clones' logs and documents become
store           the bus behind four verbs: read, tail, get, commit
index_rows      one record of a log as a row of the index
indexing        how the derived index catches up with the logs
index           the derived index, so that no question reads all of history
receipts        evidence under _report/
consensus       decisions and the receipts that carry them

Seats, claims, and what happened

seats           whose seat this is; the manifests of all worktrees
manifests       swapping seats: variants and backups
sessions        saved sessions: a manifest with its branch and commit
branches        the guards of a session: manifest and branch
claims          pure rules: who may take and keep a task
handback        pure rules: who may give a task back, pause it, or relieve its holder
feed            events and messages as one stream of entries
search          full-text search, ranked
liveness        last signs of life, managers' heartbeat, who is idle or retired
follow          logs as they grow
inbox           what waits for a seat
holdings        what the claims and assignments say, as they were read
bus             what a seat does on the bus: read, decide, commit once
heartbeat       the check that somebody watches and that holders are at work
status          what bus_status shows

Work, plans and evidence

scaffold        the folder a piece of work keeps its evidence in
evidence        what a run leaves behind, and what a receipt is worth
plan_records    the one definition of a plan, and its words of status
queue           the backlog: its files read, and their status line written
states          the state table: what is live, ready, waiting, done, unclaimed
memory          the log that ties automation to approval, each entry hashed
field_tests     whether a document is a record, cheaply and without saying why not
checks          strict validation of every format, and its JSON Schemas
tracked         what git knows about paths, and since when
plan_rules      pure rules: a plan's shape, transitions, and what it must prove
plan_edits      pure changes of a plan
plans           plans as they lie in _plans/, changed under the lock
runs            evidence made by running a command
whereabouts     where a cited receipt lies: here, on a branch, or nowhere
receipt_index   every receipt and who cites it, as records
latencies       how long evidence takes
hygiene         drift in plans, mended in place
plan_facts      what the rules need to know of receipts, bus and backlog
plan_checks     plans held to their rules, every finding with its line
assigning       giving a task to somebody, all or nothing
task_sync       the backlog's status lines brought in line with the claims
directives      a directive in its thread and the pointer to it on the hub
pickup          what an idle agent may take from the backlog, and the taking

The manager's board

handoffs        trees that were found dirty, until they are cleared or reassigned
ledger          the table of decided things
decisions       decisions from proposal to closing, and which are overdue
shapes          named tuples as JSON, and the schema they keep
board_rows      the rows of the manager's board, which are its JSON
board_alerts    what may alarm, with the command that clears it
board           the manager's board: one snapshot, computed once
board_text      the board for people: Markdown, and compact text
manager_report  what a manager reports: tasks in hand, what plans owe, latencies

Checks and repair

findings        what a check found: a rule, a place, and the command that fixes it
bus_tree        a bus as a checker reads it, from its folder or from a commit
line_checks     one line of a log: as the toolkit writes it, old but readable, or neither
log_check       a whole log in bounded memory: its chain, its ids, its order in time
document_check  one claim or assignment by itself
bus_check       a whole bus: what must hold across its files
base_check      a bus against a base: only what is new, logs only grow, one holder a task
reports         findings as text, JSON, GitHub annotations and SARIF
memory_check    the memory log's chain of hashes
repair          what a damaged bus needs, and doing it
audit           the checks that CI runs, in one list

The repository and its clones

maps            the READMEs and ignore lines that a repository gets
adoption        a bus folder and a branch, united
bus_branch      the bus as a worktree of its own branch
repository      what init does to a repository
remotes         which remote and upstream a branch has; the lock of git work
carrier         the branch that carries the bus: its files in git, built with an index of our own
arrivals        what another clone's bus brings into the live one
departures      what the live bus sends: a commit on top of the remote's, and its push
exchange        the bus of this clone and the remote's made one, record by record
synchronise     the code brought forward: fetch, then fast-forward only
dirt            work in progress that a session found, and whose it is
push            whether a branch is ready to be pushed
links           the quick links into the documents
preflight       everything that must hold before a pull request, in one list
boot            a session's beginning: guards, sync, handshake, peers, snapshots
brief           what a session should know of a task; the operator's checklist

The shell

bootstrap       how this process was started, and the environment it needs
rehearsal       real commands played as scenes, for the demonstration
scenes_session  the demonstration's sessions: boots, guards, a clash, a crash, the wrap
scenes_work     the demonstration's work: the manager's day, and a plan carried through
catalogue       the commands there are, read without importing them
values          the values that options take
invocation      one run of a command: its workspace, its seat, its answers
cli             the way in: shared options, errors to exit codes
manual          the reference of all commands, read from the commands
"""
