"""A run that waits for a quota of the day in Oslo, on the day of 23 hours, while the clock on the wall is set about.

    midnight.py BATTEN SECONDS SEED

Prints every violation; exits with 1 when there is one. Nothing in it is random, and it ends when it is done.
"""

import calendar, os, sqlite3, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "Clock"))
from shifted import environment, set_shift

batten = sys.argv[1]
os.mkdir("mine")
os.symlink(os.path.dirname(batten) + "/libfixture-meter.so", "mine/libbatten-plugin-meter.so")
environment = dict(environment, BATTEN_PLUGIN_PATH=os.path.abspath("mine"), BATTEN_IN_PROCESS_PLUGINS="1")
with open("use.yaml", "w") as file:
    file.write("name: use\nstages:\n  - {id: s, uses: meter.use, with: {model: x/y, max_output_tokens: 10}}\n")
wrong = []


def set_clock(text):
    instant = calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    set_shift(instant - time.time())


def run(*words):
    return subprocess.run([batten, *words], env=environment, capture_output=True, text=True)


def told(what):
    """Waits until 'why' says something of the last run."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        said = run("why", "-").stdout
        if what in said:
            return
        time.sleep(0.1)
    wrong.append(f"'why' does not say '{what}':\n{said}")


set_clock("2026-03-29T12:00:00Z")
run("quota", "set", "day", "--metric", "output_tokens", "--limit", "10", "--per", "day", "--calendar", "Europe/Oslo")
if run("run", "use.yaml", "--quiet").returncode != 0:
    wrong.append("the first run has failed")
waiter = subprocess.Popen([batten, "run", "use.yaml", "--quiet"], env=environment)
# The day began at 23:00 the evening before, and is over after 23 hours.
told("time alone makes room by 2026-03-29T22:00:00Z")
set_clock("2026-03-28T21:00:00Z")
told("time alone makes room by 2026-03-29T22:00:00Z")
set_clock("2026-03-29T21:00:00Z")
told("time alone makes room by 2026-03-29T22:00:00Z")
if waiter.poll() is not None:
    wrong.append("it was started on the same day")
# Lowered below what is used, but only to warn: what waited is not stopped any more.
run("quota", "set", "day", "--metric", "output_tokens", "--limit", "5", "--per", "day", "--calendar", "Europe/Oslo",
    "--on-exceed", "warn")
try:
    if waiter.wait(120) != 0:
        wrong.append("it has failed")
except subprocess.TimeoutExpired:
    wrong.append("it waits although the quota only warns by now")
    waiter.kill()
run("quota", "set", "day", "--metric", "output_tokens", "--limit", "30", "--per", "day", "--calendar", "Europe/Oslo")
set_clock("2026-03-29T21:30:00Z")
if run("run", "use.yaml", "--quiet").returncode != 0:
    wrong.append("there is room for the third")
run("quota", "set", "day", "--metric", "output_tokens", "--limit", "20", "--per", "day", "--calendar", "Europe/Oslo")
waiter = subprocess.Popen([batten, "run", "use.yaml", "--quiet"], env=environment)
told("now: 30 output tokens of 20 output tokens each day of the calendar (Europe/Oslo), overrun by 10 output tokens; time "
     "alone makes room by 2026-03-29T22:00:00Z")
set_clock("2026-03-29T22:00:01Z")
try:
    if waiter.wait(120) != 0:
        wrong.append("it has failed on the next day")
except subprocess.TimeoutExpired:
    wrong.append("it has not been woken on the next day")
    waiter.kill()
store = sqlite3.connect("file:home/batten.db?mode=ro", uri=True)
started = store.execute("SELECT max(started_at) FROM attempts").fetchone()[0]
if started < calendar.timegm((2026, 3, 29, 22, 0, 0)) * 10**9:
    wrong.append(f"it was started at {started}, before the day was over")
if run("db", "check").returncode != 0:
    wrong.append(run("db", "check").stdout)
for line in wrong:
    print(line)
print(f"{len(wrong)} violations")
sys.exit(1 if wrong else 0)
