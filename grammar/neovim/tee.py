#!/usr/bin/env python3
"""Stands between an editor and `$TRITON lsp`: passes messages on, and writes them to `$EXCHANGE` in their order.

The folder is called `/folder` there. Of what the server can do, only what is about texts is kept, and of what it completes, only what
the program itself declares: the rest changes with the library."""

import json
import os
import subprocess
import sys
import threading

FOLDER = os.getcwd()
LOCAL = (6, 10)  # kinds of completions: variables and instances
lock = threading.Lock()


def trimmed(message):
    """What of a message is written down."""
    result = message.get("result")
    if isinstance(result, dict) and "capabilities" in result:
        texts = ("positionEncoding", "textDocumentSync")
        result["capabilities"] = {key: result["capabilities"][key] for key in texts}
    if isinstance(result, dict) and "items" in result:
        result["items"] = [item for item in result["items"] if item["kind"] in LOCAL]
    return message


def passes(source, sink, who, notes):
    """Passes messages of `who` until there are no more."""
    while head := source.readline():
        length = int(head.split(b":")[1])
        while (line := source.readline()).strip():
            head += line
        body = source.read(length)
        with lock:
            message = json.dumps({who: trimmed(json.loads(body))}, ensure_ascii=False, sort_keys=True)
            notes.write(message.replace(FOLDER, "/folder") + "\n")
            notes.flush()
        sink.write(head + line + body)
        sink.flush()
    sink.close()


with open(os.environ["EXCHANGE"], "w", encoding="utf-8") as notes:
    server = subprocess.Popen([os.environ["TRITON"], *sys.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    back = threading.Thread(target=passes, args=(server.stdout, sys.stdout.buffer, "server", notes))
    back.start()
    passes(sys.stdin.buffer, server.stdin, "client", notes)
    back.join()
    sys.exit(server.wait())
