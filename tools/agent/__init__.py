"""The playbook's commands: the bus, the session, the manager's day."""
