"""The rules of claims: pure, so that commands, hooks, commits and exchanges decide alike.

path_patterns     whether two path patterns may name the same file
path_rule         whether a seat may edit a path: the one rule of hooks, commits and pushes
reservation       for whom a task is reserved
claim_refusals    what a refusal says about a claim, and the command that it advises
claim_rules       pure rules: who may take and keep a task, and log events about it
release_rules     pure rules: who may release or pause a task, or relieve its holder
"""
