"""The demonstration.

player          real commands played as scenes
scenes_session  sessions: boots, guards, a clash, a crash, the wrap
scenes_work     work: the manager's day, and a plan carried through
"""
