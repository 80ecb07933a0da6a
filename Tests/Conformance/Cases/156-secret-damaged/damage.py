"""Changes what is sealed, as a disk or a hand might."""

import os
import re
import sqlite3
import sys

how = sys.argv[1]
store = sqlite3.connect(os.environ["BATTEN_HOME"] + "/batten.db")


def set_token(field, value):
    store.execute(f"UPDATE secrets SET {field} = ? WHERE name = 'TOKEN'", (value,))


def get(name, field):
    return store.execute(f"SELECT {field} FROM secrets WHERE name = ?", (name,)).fetchone()[0]


if how == "output":
    outputs = store.execute("SELECT outputs FROM stage_runs WHERE id = 'a' ORDER BY run_key DESC").fetchone()[0]
    seal = re.search("sealed:1:t:[0-9a-f]{16}:([A-Za-z0-9_-]+)", outputs).group(1)
    other = seal[:20] + ("B" if seal[20] == "A" else "A") + seal[21:]
    store.execute("UPDATE stage_runs SET outputs = replace(outputs, ?, ?)", (seal, other))
    store.execute("UPDATE events SET data = replace(data, ?, ?)", (seal, other))
else:
    sealed = get("TOKEN", "ciphertext")
    if how == "bit":
        set_token("ciphertext", sealed[:-1] + bytes([sealed[-1] ^ 1]))
    if how == "short":
        set_token("ciphertext", sealed[:5])
    if how == "empty":
        set_token("ciphertext", b"")
    if how == "nonce":
        set_token("nonce", b"\0")
    if how == "swapped":
        for field in ["ciphertext", "nonce", "key_id"]:
            set_token(field, get("OTHER", field))
store.commit()
