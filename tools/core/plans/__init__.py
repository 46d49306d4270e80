"""Plans, their rules and their receipts.

rules      pure rules: a plan's shape, transitions, and what it must prove
fixes      the command that helps where a rule is broken
edits      pure changes of a plan
storage    plans as they lie in _plans/, changed under the lock
attach     a run recorded as evidence of a plan
citations  what the rules need to know of receipts, bus and backlog
check      plans held to their rules, every finding with its line
normalise  drift in plans, mended in place
"""
