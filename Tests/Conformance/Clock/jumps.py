"""Engines that serve schedules and triggers while the wall clock jumps and they are killed, stopped, suspended and started again.

    jumps.py BATTEN SECONDS SEED

In the end each due time of each schedule has become exactly one run, or is told to have been missed where the schedule
says that missed times start none; each file that came, each event that was told and each end of a run has started one run.
Prints what was done and every violation; exits with 1 when there is one.
"""

import calendar, json, os, random, signal, sqlite3, subprocess, sys, time

from shifted import environment, set_shift, wall

batten, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
def command(*words):
    return subprocess.run([batten, *words], env=environment, check=True, capture_output=True, text=True).stdout


with open("tick.yaml", "w") as file:
    file.write("name: tick\nstages:\n  - {id: tick, uses: set, with: {x: 1}}\n")
os.mkdir("inbox")
with open("load.yaml", "w") as file:
    file.write("""name: load
parameters: {what: {type: string}}
on:
  - {file: "inbox/*.txt", settle: 200ms, parameters: {what: "${{ run.event.file }}"}}
  - {event: poke, parameters: {what: "${{ run.event.key }}"}}
stages:
  - {id: load, uses: set, with: {x: "${{ parameters.what }}"}}
""")
with open("follow.yaml", "w") as file:
    file.write("name: follow\non: {workflow: tick}\nstages:\n  - {id: follow, uses: set, with: {x: 1}}\n")
for name in ("tick", "load", "follow"):
    command("add", f"{name}.yaml")
# Name, options, seconds between due times, and whether a missed time starts a run all the same.
schedules = [
    ("two", ["--every", "2s", "--overlap", "allow", "--catch-up", "all", "--window", "365d"], 2, True),
    ("five", ["--cron", "*/5 * * * * *", "--timezone", "UTC", "--overlap", "allow", "--catch-up", "all",
              "--window", "365d"], 5, True),
    ("queue", ["--every", "3s", "--overlap", "queue", "--catch-up", "all", "--window", "365d"], 3, True),
    ("late", ["--every", "7s", "--overlap", "allow", "--catch-up", "all", "--window", "365d", "--jitter", "4s"], 7,
     True),
    ("none", ["--every", "4s", "--overlap", "allow"], 4, False),
    ("last", ["--every", "6s", "--overlap", "allow", "--catch-up", "last"], 6, False),
]
for name, options, _, _ in schedules:
    command("schedule", "add", "tick", "--name", name, *options)

asked = []


def ask():
    """Has a file come, at once or written to for a while, or tells an event, now and then twice."""
    what = f"{len(asked)}-{chance.randrange(10**6)}"
    if chance.random() < 0.5:
        command("trigger", "poke", "--key", what)
        if chance.random() < 0.3:
            command("trigger", "poke", "--key", what)
    else:
        what += ".txt"
        if chance.random() < 0.5:
            with open(what, "w") as file:
                file.write(what)
            os.rename(what, f"inbox/{what}")
        else:
            with open(f"inbox/{what}", "w") as file:
                for _ in range(3):
                    file.write(what)
                    file.flush()
                    time.sleep(chance.uniform(0, 0.1))
    asked.append(what)


done = {"kill": 0, "stop": 0, "suspend": 0, "start": 0, "forward": 0, "back": 0}
serving = []


def start():
    log = open("log", "ab")
    serving.append(subprocess.Popen([batten, "serve", "--drain", "1s"], env=environment, stdout=log, stderr=log))
    done["start"] += 1


start()
start()
end = time.monotonic() + seconds
ahead = 0.0
while time.monotonic() < end:
    time.sleep(chance.uniform(0.2, min(6.0, seconds / 12)))
    for _ in range(chance.randrange(3)):
        ask()
    act = chance.choice(["kill", "stop", "suspend", "forward", "back", "forward", "back", "start"])
    if act in ("kill", "stop", "suspend") and not serving:
        act = "start"
    if act == "start":
        if len(serving) < 3:
            start()
    elif act == "kill":
        one = serving.pop(chance.randrange(len(serving)))
        one.kill()
        one.wait()
        done[act] += 1
    elif act == "stop":
        one = serving.pop(chance.randrange(len(serving)))
        one.terminate()
        try:
            one.wait(60)
        except subprocess.TimeoutExpired:
            print("an engine did not stop within a minute")
            sys.exit(1)
        done[act] += 1
    elif act == "suspend":
        one = chance.choice(serving)
        one.send_signal(signal.SIGSTOP)
        time.sleep(chance.uniform(0.1, 3))
        one.send_signal(signal.SIGCONT)
        done[act] += 1
    else:
        # Now and then beyond the minute within which a time counts as kept.
        length = chance.choice([chance.uniform(0.001, 5), chance.uniform(5, 55), chance.uniform(55, 150)])
        ahead += length if act == "forward" else -length
        set_shift(ahead)
        done[act] += 1

# All that was due up to the latest instant that any engine has seen is decided about by one that lives.
for one in serving:
    one.send_signal(signal.SIGCONT)
if not serving:
    start()


def rows(sql):
    store = sqlite3.connect("home/batten.db", timeout=30)
    try:
        return store.execute(sql).fetchall()
    finally:
        store.close()


last = max(at for (at,) in rows("SELECT position FROM schedules")) / 1e9
ahead += max(0.0, last + 1 - wall() / 1e9)
set_shift(ahead)
goal = wall() / 1e9 + 1
deadline = time.monotonic() + 120
while time.monotonic() < deadline:
    low = min(at for (at,) in rows("SELECT position FROM schedules"))
    waiting = rows("SELECT count(*) FROM schedule_fires WHERE outcome = 'queued'")[0][0]
    if low / 1e9 > goal - 0.001 and waiting <= 2:
        break
    time.sleep(0.2)
for name, *_ in schedules:
    command("schedule", "pause", name)
# A person's queue goes on while a schedule is paused; its own due times would not.
for one in serving:
    one.terminate()
for one in serving:
    one.wait(60)
command("serve", "--once")

wrong = []
fires = 0
for name, _, interval, catches_up in schedules:
    created, position = rows(f"SELECT created_at, position FROM schedules WHERE name = '{name}'")[0]
    found = rows(
        "SELECT f.at, f.outcome, f.note, r.id, r.status FROM schedule_fires f JOIN schedules s ON s.key = f.schedule_key "
        f"LEFT JOIN runs r ON r.key = f.run_key WHERE s.name = '{name}' ORDER BY f.at")
    step = int(interval * 1e9)
    told = {}
    for at, outcome, note, run, status in found:
        if at % step:
            wrong.append(f"{name}: {at} is no due time")
        if outcome == "started":
            fires += 1
            if run is None:
                wrong.append(f"{name}: {at} has started, but no run")
            elif status != "completed":
                wrong.append(f"{name}: the run {run} of {at} is {status}")
        begin = at
        if outcome == "missed" and note and " from " in note:
            text = note.split(" from ")[1].split(" ")[0].rstrip("Z")
            begin = calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S")) * 10**9
        for each in range(begin, at + 1, step):
            if each in told and not (outcome == "missed" and told[each] == "started"):
                wrong.append(f"{name}: {each} is told twice, as {told[each]} and {outcome}")
            told.setdefault(each, outcome)
    first = created // step * step + step
    for each in range(first, position + 1, step):
        if name == "late" and each not in told and each > position - 5 * 10**9:
            continue
        became = told.get(each)
        if became is None:
            wrong.append(f"{name}: nothing became of {each}")
        elif catches_up and became != "started" and not (became == "queued" and name == "queue"):
            wrong.append(f"{name}: {each} is {became}")
runs, distinct = rows(
    "SELECT count(*), count(DISTINCT f.run_key) FROM schedule_fires f JOIN runs r ON r.key = f.run_key")[0]
all_runs = rows("SELECT count(*) FROM runs WHERE \"trigger\" = 'schedule'")[0][0]
if not (fires == runs == distinct == all_runs):
    wrong.append(f"{fires} due times have started runs: {runs} fires have one, {distinct} are different, of {all_runs}")
loaded = sorted(json.loads(given)["what"] for (given,) in rows("SELECT parameters FROM runs WHERE workflow = 'load'"))
for what in sorted(set(asked) ^ set(loaded)) + [what for what in set(loaded) if loaded.count(what) > 1]:
    wrong.append(f"load: {what} has started {loaded.count(what)} runs")
ended = sorted(run for (run,) in rows("SELECT id FROM runs WHERE workflow = 'tick' AND status = 'completed'"))
followed = rows(
    "SELECT e.dedup, e.run_key FROM trigger_events e JOIN triggers t ON t.key = e.trigger_key "
    "WHERE t.workflow = 'follow' AND e.outcome = 'started'")
if sorted(run for run, _ in followed) != ended or len({key for _, key in followed}) != len(ended):
    wrong.append(f"follow: {len(ended)} runs have ended, {len(followed)} have been followed")
open_runs = rows("SELECT count(*) FROM runs WHERE status NOT IN ('completed')")[0][0]
if open_runs:
    wrong.append(f"{open_runs} runs have not completed")
for line in wrong[:50]:
    print(line)
print(json.dumps(dict(done, fires=fires, files_and_events=len(asked), followed=len(followed), violations=len(wrong), seed=seed)))
sys.exit(1 if wrong else 0)
