"""One module for each agent's program, all of them a `Vendor`; docs/adding-an-agent.md is the recipe for one more.

vendor    what is asked of each program, and the answers that several of them take
codex     Codex
claude    Claude Code
gemini    Gemini CLI
copilot   Copilot CLI
qwen      Qwen Code
opencode  opencode
registry  all of them by name
"""
