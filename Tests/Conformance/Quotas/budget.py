"""The example of a budget under engines that are killed: it stops at its limit and never above.

    budget.py BATTEN EXAMPLES SECONDS SEED

Each round runs examples/budget.yaml with its fifty questions at once, kills its engine at random instants, has it taken up
again, killed again, and in the end left alone. At every death and in the end what is used and reserved is within the budget.
Prints what was done and every violation; exits with 1 when there is one.
"""

import os, random, socket, sqlite3, subprocess, sys, time

batten, examples, seconds, seed = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
chance = random.Random(seed)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = str(free.getsockname()[1])
for name in ("budget.yaml", "batten.yaml"):
    with open(f"{examples}/{name}") as source, open(name, "w") as copy:
        copy.write(source.read().replace("4010", port))
services = [sys.executable, f"{examples}/local/services.py"]
subprocess.run([*services, "start", "--port", port], check=True, stdout=subprocess.DEVNULL)
LIMIT = 400
# The bytes of a prompt as JSON, what else is sent, and what may come out: of the call that needs least.
LEAST = len('"What is special about the number 1?"') + 64 + 40
wrong = []
done = {"rounds": 0, "kills": 0, "ends": 0}
fullest = 0


def look(home, when):
    """What is used and reserved of the budget, and how runs stand; nothing before the store is there."""
    try:
        store = sqlite3.connect(f"file:{home}/batten.db?mode=ro", uri=True, timeout=60)
    except sqlite3.OperationalError:
        return None
    try:
        store.execute("BEGIN")
        used = store.execute("SELECT coalesce(sum(amount), 0) FROM usage WHERE metric LIKE '%put_tokens'").fetchone()[0]
        reserved = store.execute("SELECT coalesce(sum(amount), 0) FROM reservations").fetchone()[0]
        runs = [status for (status,) in store.execute("SELECT status FROM runs")]
    except sqlite3.OperationalError:
        return None
    finally:
        store.close()
    if used + reserved > LIMIT:
        wrong.append(f"round {done['rounds']}, {when}: {used} used and {reserved} reserved of {LIMIT}")
    return used, reserved, runs


def drive(home, *words):
    environment = dict(os.environ, BATTEN_HOME=os.path.abspath(home), BATTEN_STORE_SYNCHRONOUS="off")
    return subprocess.Popen([batten, *words, "--quiet"], env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


end = time.monotonic() + seconds
try:
    while (time.monotonic() < end or done["ends"] < 2) and not wrong:
        home = f"home{done['rounds']}"
        done["rounds"] += 1
        process = drive(home, "run", "budget.yaml")
        for _ in range(chance.randrange(1, 4)):
            # As soon as it is accepted, or taken up again, it may die.
            rows = None
            while process.poll() is None and not (rows and rows[2]):
                rows = look(home, "while it runs")
                time.sleep(0.005)
            until = time.monotonic() + chance.uniform(0, chance.choice([0.1, 0.5]))
            while process.poll() is None and time.monotonic() < until:
                look(home, "while it runs")
                time.sleep(0.01)
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            done["kills"] += 1
            look(home, "at a death")
            process = drive(home, "resume", "-")
        code = process.wait(120)
        used = look(home, "in the end")
        # One that was killed before it was accepted is no run.
        if not used or not used[2]:
            continue
        done["ends"] += 1
        # One that had just ended when it was killed is not taken up again.
        if code not in (2, 6) or used[1:] != (0, ["failed"]) or used[0] <= LIMIT - LEAST:
            wrong.append(f"round {done['rounds']}: exit code {code}, {used} of {LIMIT}")
        fullest = max(fullest, used[0])
finally:
    subprocess.run([*services, "stop", "--port", port], stdout=subprocess.DEVNULL)
for line in wrong:
    print(line)
print(", ".join(f"{count} {what}" for what, count in done.items()), f"{fullest} of {LIMIT} at most", sep="; ")
sys.exit(1 if wrong else 0)
