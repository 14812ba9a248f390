#!/usr/bin/env -S python3 -I -S
"""A stand-in for the coding agents: it speaks the stream of the one whose name it is started by.

Link to it as claude, codex, cursor-agent, gemini, opencode or aider, or start it as a command template.
What it does is a word:

    STAND_IN_PLAN  a file whose first line it takes away: a word and, after improve, the file to copy
    STAND_IN       the word, if there is no plan; otherwise the prompt may say `stand-in: <word>`

    improve         copies STAND_IN_EDIT (or what the plan names) over STAND_IN_KERNELS
    nothing         says that it is done
    hang            is silent for ever; `stubborn` ignores a polite kill as well
    chatter         says something every 20 ms, for ever
    flood           writes as fast as it can, for ever
    edit-reference  changes the reference.py beside STAND_IN_KERNELS
    crash           exits with 3 in the middle of a line
    early           exits with 0 before its last event
    child           leaves a daemon behind, in its own session, its parent gone, its pid in STAND_IN_PID
    stdin           reads stdin to its end first, and says how much there was
    trial           improves, then runs STAND_IN_LAR (by default `lar`) trial STAND_IN_TARGET

Relative paths are those in the folder where it is started.
"""

import json
import os
import re
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path

SAID = "unrolled the loop"
SESSION = "session-1"


def main() -> int:
    """Take one turn."""
    agent = Path(sys.argv[0]).name
    sent = sys.stdin.read() if agent in ("claude", "codex") else ""
    word, edit = task(sent + " ".join(sys.argv))
    for event in first_events(agent):
        say(event)
    kernels = Path(os.environ.get("STAND_IN_KERNELS", "kernels.py"))
    said = SAID
    match word:
        case "hang" | "stubborn":
            if word == "stubborn":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                say("ignoring SIGTERM")
            time.sleep(600)
        case "chatter" | "flood":
            while True:
                say("x" * (20 if word == "chatter" else 65536))
                time.sleep(0.02 if word == "chatter" else 0)
        case "edit-reference":
            kernels.with_name("reference.py").write_text("# not mine to change\n")
        case "crash":
            os.write(1, b'{"type": "assis')
            return 3
        case "early":
            return 0
        case "child":
            leave_a_child_behind()
        case "stdin":
            said = f"stdin had {len(sent + sys.stdin.read())} characters"
        case "improve" | "trial":
            shutil.copyfile(edit, kernels)
    if word == "trial":
        import subprocess  # here, because most turns have no use for it

        command = [*shlex.split(os.environ.get("STAND_IN_LAR", "lar")), "trial"]
        subprocess.run([*command, os.environ["STAND_IN_TARGET"], "-m", said], check=False)
    for event in last_events(agent, said):
        say(event)
    return 0


def task(heard: str) -> tuple[str, str]:
    """Return the word and, to improve, the file to copy."""
    edit = os.environ.get("STAND_IN_EDIT", "")
    if "STAND_IN_PLAN" in os.environ:
        plan = Path(os.environ["STAND_IN_PLAN"])
        first, _, rest = plan.read_text().partition("\n")
        plan.write_text(rest)
        word, _, named = first.partition(" ")
        return word or "nothing", named or edit
    asked = re.search(r"stand-in: ([a-z-]+)", heard)
    return os.environ.get("STAND_IN") or (asked.group(1) if asked else "nothing"), edit


def say(event: object) -> None:
    """Write one line: an event as JSON, text as it is."""
    print(event if isinstance(event, str) else json.dumps(event), flush=True)


def leave_a_child_behind() -> None:
    """Start what nobody waits for: its parent ends at once, and it leads a session of its own."""
    if os.fork() == 0:
        os.setsid()
        child = os.fork()
        if child:
            Path(os.environ["STAND_IN_PID"]).write_text(str(child))
            os._exit(0)
        time.sleep(600)
    os.wait()


def first_events(agent: str) -> list[object]:
    """Return what the agent writes before it works."""
    blocks = [{"type": "text", "text": "I look first."}]
    usage = {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 5}
    match agent:
        case "claude":
            message = {"id": "msg_1", "role": "assistant", "content": blocks, "usage": usage}
            return [
                {"type": "system", "subtype": "init", "session_id": SESSION, "model": "some-model"},
                {"type": "assistant", "message": message, "session_id": SESSION},
                {"type": "system", "subtype": "permission_denied", "tool_name": "Bash", "message": "asks"},
            ]
        case "codex":
            item = {"id": "item_0", "type": "command_execution", "command": "cat kernels.py"}
            return [
                {"type": "thread.started", "thread_id": SESSION},
                {"type": "turn.started"},
                {"type": "item.started", "item": {**item, "exit_code": None, "status": "in_progress"}},
                {"type": "item.completed", "item": {**item, "exit_code": 0, "status": "completed"}},
            ]
        case "cursor-agent":
            message = {"role": "assistant", "content": blocks}
            return [
                {"type": "system", "subtype": "init", "session_id": SESSION, "permissionMode": "default"},
                {"type": "assistant", "message": message, "session_id": SESSION},
            ]
        case "gemini":
            return [
                {"type": "init", "timestamp": "2026-01-01T00:00:00Z", "session_id": SESSION, "model": "m"},
                {"type": "message", "role": "user", "content": "the prompt"},
                {"type": "message", "role": "assistant", "content": "I look first.", "delta": True},
                {"type": "tool_use", "tool_name": "read_file", "tool_id": "1", "parameters": {}},
                {"type": "tool_result", "tool_id": "1", "status": "success", "output": "text"},
            ]
        case "opencode":
            return [
                {"type": "step_start", "sessionID": SESSION, "part": {"id": "prt_1", "type": "step-start"}},
                {"type": "step_finish", "sessionID": SESSION, "part": step("prt_2", "tool-calls")},
            ]
        case "aider":
            return [
                "reading kernels.py",
                "Tokens: 1.2k sent, 20 received. Cost: $0.12 message, $0.25 session.",
            ]
        case _:
            return ["reading kernels.py"]


def last_events(agent: str, said: str) -> list[object]:
    """Return what the agent writes at the end of a turn."""
    usage: dict[str, object] = {"input_tokens": 30, "output_tokens": 20}
    match agent:
        case "claude":
            usage |= {"cache_read_input_tokens": 200, "cache_creation_input_tokens": 4}
            result = {"subtype": "success", "is_error": False, "result": said, "session_id": SESSION}
            models = {"some-model": {"inputTokens": 30, "outputTokens": 20, "costUSD": 0.25}}
            models["some-model"] |= {"cacheReadInputTokens": 200, "cacheCreationInputTokens": 4}
            cost = {"num_turns": 2, "duration_ms": 900, "total_cost_usd": 0.25, "usage": usage}
            return [{**result, **cost, "modelUsage": models, "permission_denials": [], "type": "result"}]
        case "codex":
            item = {"id": "item_1", "type": "agent_message", "text": said}
            usage |= {"cached_input_tokens": 25, "cache_write_input_tokens": 0, "reasoning_output_tokens": 7}
            return [{"type": "item.completed", "item": item}, {"type": "turn.completed", "usage": usage}]
        case "cursor-agent":
            tokens = {"inputTokens": 30, "cacheReadTokens": 200, "cacheWriteTokens": 4, "outputTokens": 20}
            result = {"subtype": "success", "is_error": False, "duration_ms": 900, "result": said}
            return [{"type": "result", **result, "session_id": SESSION, "usage": tokens}]
        case "gemini":
            half = len(said) // 2
            stats = {
                **usage,
                "total_tokens": 50,
                "cached": 25,
                "input": 5,
                "duration_ms": 900,
                "tool_calls": 1,
            }
            return [
                {"type": "message", "role": "assistant", "content": said[:half], "delta": True},
                {"type": "message", "role": "assistant", "content": said[half:], "delta": True},
                {"type": "result", "status": "success", "stats": stats},
            ]
        case "opencode":
            text = {"id": "prt_3", "type": "text", "text": said}
            return [
                {"type": "text", "sessionID": SESSION, "part": text},
                {"type": "step_finish", "sessionID": SESSION, "part": step("prt_4", "stop")},
            ]
        case _:
            return [said]


def step(identity: str, reason: str) -> dict[str, object]:
    """Return the end of one step of opencode."""
    tokens = {"input": 10, "output": 6, "reasoning": 4, "cache": {"read": 100, "write": 2}}
    return {"id": identity, "type": "step-finish", "reason": reason, "cost": 0.125, "tokens": tokens}


if __name__ == "__main__":
    sys.exit(main())
