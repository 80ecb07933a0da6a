"""Processes on one store that reserve, settle, are killed and start again, while windows roll: no limit is ever passed.

    loops.py BATTEN SECONDS SEED

Runs use what they declare and what they hold, of a quota of any minute and one of the clock's hours; `batten run`, `batten
resume` and `batten serve` drive them and die at random instants, and the clock on the wall leaps on. All the while, and in
the end, what is booked in each window and what is reserved stay within the limit; in the end the ledger has exactly what
each attempt that ended has used, and nothing stays reserved.

Before that end one process holds nearly all of a quota and dies for good while another waits: what it had comes back though
nobody takes its run up. Prints what was done and every violation; exits with 1 when there is one.
"""

import os, random, sqlite3, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "Clock"))
from shifted import environment, set_shift, wall

batten, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
os.mkdir("mine")
os.symlink(os.path.dirname(batten) + "/libfixture-meter.so", "mine/libbatten-plugin-meter.so")
environment = dict(environment, BATTEN_PLUGIN_PATH=os.path.abspath("mine"), BATTEN_STORE_SYNCHRONOUS="off")
MINUTE, HOUR = 60 * 10**9, 3600 * 10**9
LIMITS = {"minute": 200, "hour": 900, "ever": 10**9}
wrong = []
ahead = 0.0
done = {"runs": 0, "kills": 0, "leaps": 0, "looks": 0}


def leap(by):
    global ahead
    ahead += by
    set_shift(ahead)
    done["leaps"] += 1


def command(*words):
    return subprocess.run([batten, *words], env=environment, check=True, capture_output=True, text=True).stdout


def spawn(*words):
    mode = dict(environment, BATTEN_IN_PROCESS_PLUGINS=chance.choice("01"))
    with open("log", "ab") as log:
        return subprocess.Popen([batten, *words], env=mode, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def rows(sql):
    store = sqlite3.connect("file:home/batten.db?mode=ro", uri=True, timeout=60)
    try:
        return store.execute(sql).fetchall()
    finally:
        store.close()


command("quota", "set", "minute", "--metric", "output_tokens", "--limit", str(LIMITS["minute"]), "--per", "minute")
command("quota", "set", "hour", "--metric", "output_tokens", "--limit", str(LIMITS["hour"]), "--per", "hour",
        "--calendar", "Europe/Oslo")
command("quota", "set", "ever", "--metric", "output_tokens", "--limit", str(LIMITS["ever"]), "--per", "ever")


def stage(name, after):
    """A stage that uses what it declares, or holds it; the others of its run may do so beside it."""
    most = chance.randrange(1, 70)
    out = chance.randrange(0, most + 1)
    text = f"  - id: {name}\n    on_lost: {chance.choice(['retry', 'retry', 'fail'])}\n    on_failure: continue\n"
    if after and chance.random() < 0.5:
        text += f"    depends_on: [{chance.choice(after)}]\n    if: always()\n"
    if chance.random() < 0.3:
        text += f"    for_each: ${{{{ range(0, {chance.randrange(1, 5)}) }}}}\n    fail_fast: false\n"
    wait = f"ms: {chance.choice([0, 0, 20, 150, 400])}"
    if chance.random() < 0.5:
        text += f"    uses: meter.use\n    with: {{model: x/y, max_output_tokens: {most}, out: {out}, {wait}}}\n"
    else:
        # What is reported while it holds is part of what it settles.
        said = chance.choice([0, out])
        text += (f"    uses: meter.hold\n    with: {{model: x/y, hold: {most}, out: {said}, settle: {out}, {wait}, "
                 f"times: {chance.choice([1, 1, 2])}}}\n")
    return text, out


amounts = {}
for number in range(6):
    text, after = f"name: w{number}\nstages:\n", []
    for place in range(chance.randrange(1, 6)):
        part, out = stage(f"s{place}", after)
        text += part
        after.append(f"s{place}")
        amounts[f"w{number}", f"s{place}"] = out
    with open(f"w{number}.yaml", "w") as file:
        file.write(text)
with open("long.yaml", "w") as file:
    file.write("name: long\nparameters: {hold: {type: integer}, ms: {type: integer}}\nstages:\n  - id: s\n    on_lost: fail\n"
               "    uses: meter.hold\n    with: {model: x/y, hold: \"${{ parameters.hold }}\", out: 0, settle: 0,"
               " ms: \"${{ parameters.ms }}\"}\n")


def look():
    """What is used and reserved now is within each limit."""
    store = sqlite3.connect("file:home/batten.db?mode=ro", uri=True, timeout=60)
    try:
        store.execute("BEGIN")
        reserved = dict(store.execute("SELECT q.name, coalesce(sum(r.amount), 0) FROM quotas q "
                                      "LEFT JOIN reservations r ON r.quota_key = q.key GROUP BY q.key"))
        said = dict(store.execute("SELECT name, reserved FROM quotas"))
        # A later instant than anything in this view: what has left the window by then may only be less.
        now = wall()
        used = {"ever": store.execute("SELECT coalesce(sum(amount), 0) FROM usage WHERE metric = 'output_tokens'")}
        for name, start in (("minute", now - MINUTE + 1), ("hour", now // HOUR * HOUR)):
            used[name] = store.execute("SELECT coalesce(sum(amount), 0) FROM usage WHERE metric = 'output_tokens' "
                                       "AND at >= ?", (start,))
        for name, limit in LIMITS.items():
            sum = used[name].fetchone()[0]
            if sum + reserved[name] > limit:
                wrong.append(f"{name}: {sum} used and {reserved[name]} reserved of {limit}")
            if said[name] != reserved[name]:
                wrong.append(f"{name}: {said[name]} are said to be reserved, and {reserved[name]} are")
    finally:
        store.close()
    done["looks"] += 1


def kill(process):
    process.kill()
    process.wait()
    done["kills"] += 1


# MARK: Deaths

living = []
end = time.monotonic() + seconds
while time.monotonic() < end and not wrong:
    living = [one for one in living if one.poll() is None]
    act = chance.random()
    if act < 0.45 or not living:
        if len(living) < 5:
            living.append(spawn("run", f"w{chance.randrange(6)}.yaml", "--quiet"))
            done["runs"] += 1
    elif act < 0.65:
        kill(living.pop(chance.randrange(len(living))))
    elif act < 0.75:
        if len(living) < 5:
            living.append(spawn(*chance.choice([("resume", "-", "--quiet"), ("serve", "--drain", "1s")])))
    else:
        leap(chance.choice([chance.uniform(0, 5), chance.uniform(5, 70), chance.uniform(600, 4000)]))
    time.sleep(chance.uniform(0, 0.3))
    look()
for one in living:
    kill(one)

# MARK: A death that nobody makes good


def until(what, sql, wanted):
    limit = time.monotonic() + 120
    while rows(sql) != wanted:
        if time.monotonic() > limit:
            print(f"waited in vain: {what}: {rows(sql)}")
            sys.exit(1)
        time.sleep(0.05)


leap(7200)
HOLDS = "SELECT r.amount FROM reservations r JOIN quotas q ON q.key = r.quota_key WHERE q.name = 'minute'"
holder = spawn("run", "long.yaml", "-p", "hold=150", "-p", "ms=600000", "--quiet")
until("a hold, and nothing else reserved", HOLDS, [(150,)])
owner = rows("SELECT owner FROM runs ORDER BY key DESC LIMIT 1")
waiter = spawn("run", "long.yaml", "-p", "hold=100", "-p", "ms=0", "--quiet")
until("one that waits", "SELECT needed FROM slot_waiters w JOIN engines e ON e.id = w.engine "
      f"WHERE e.pid = {waiter.pid} AND w.quota = 1", [(100,)])
kill(holder)
try:
    code = waiter.wait(120)
    if code != 0:
        wrong.append(f"the one that waited ended with {code}")
except subprocess.TimeoutExpired:
    wrong.append("what the dead one had reserved has not come back")
    kill(waiter)
if rows("SELECT owner FROM runs WHERE workflow = 'long' AND ended_at IS NULL") != owner:
    wrong.append("somebody has taken up the dead one's run")
if rows(HOLDS):
    wrong.append(f"there stays reserved: {rows(HOLDS)}")

# MARK: The end

server = spawn("serve", "--drain", "1s")
limit = time.monotonic() + 240
while rows("SELECT count(*) FROM runs WHERE ended_at IS NULL") != [(0,)]:
    leap(61 if chance.random() < 0.9 else 3600)
    look()
    time.sleep(0.1)
    if time.monotonic() > limit:
        wrong.append(f"these do not end: {rows('SELECT id, workflow, status FROM runs WHERE ended_at IS NULL')}")
        break
server.terminate()
server.wait(60)
check = subprocess.run([batten, "db", "check"], env=environment, capture_output=True, text=True)
if check.returncode != 0:
    wrong.append(f"db check: {check.stdout}{check.stderr}")
for sql in ("SELECT * FROM reservations", "SELECT name, reserved FROM quotas WHERE reserved <> 0",
            "SELECT w.* FROM slot_waiters w JOIN engines e ON e.id = w.engine WHERE e.stopped_at IS NULL"):
    if rows(sql):
        wrong.append(f"{sql}: {rows(sql)}")
ledger = rows("SELECT at, amount FROM usage WHERE metric = 'output_tokens' ORDER BY at")
sum, oldest, most = 0, 0, 0
for at, amount in ledger:
    sum += amount
    while ledger[oldest][0] <= at - MINUTE:
        sum -= ledger[oldest][1]
        oldest += 1
    most = max(most, sum)
if most > LIMITS["minute"]:
    wrong.append(f"{most} are booked in a minute")
hours = {}
for at, amount in ledger:
    hours[at // HOUR] = hours.get(at // HOUR, 0) + amount
if ledger and max(hours.values()) > LIMITS["hour"]:
    wrong.append(f"{max(hours.values())} are booked in an hour")
total = rows("SELECT coalesce(sum(used), 0) FROM quota_use u JOIN quotas q ON q.key = u.quota_key WHERE q.name = 'ever'")[0][0]
if total != rows("SELECT coalesce(sum(amount), 0) FROM usage WHERE metric = 'output_tokens'")[0][0]:
    wrong.append(f"the quotas have booked {total}, and the ledger something else")
ended = 0
for run, workflow, name, item, attempt, used in rows("""
        SELECT r.id, r.workflow, s.id, a.item, a.number, (
            SELECT coalesce(sum(u.amount), 0) FROM usage u WHERE u.run_key = r.key AND u.stage = s.id AND u.item IS a.item
                AND u.attempt = a.number AND u.metric = 'output_tokens')
        FROM attempts a JOIN runs r ON r.key = a.run_key JOIN stage_runs s ON s.run_key = a.run_key AND s.idx = a.idx
        WHERE a.outcome = 'ok' AND r.workflow <> 'long'"""):
    ended += 1
    if used != amounts[workflow, name]:
        wrong.append(f"{run}: {name} {item}, attempt {attempt}, is booked with {used}, and has used {amounts[workflow, name]}")
if not ended or not ledger:
    wrong.append("nothing has ended")
for line in wrong:
    print(line)
print(", ".join(f"{count} {what}" for what, count in done.items()),
      f"{ended} attempts held against the ledger of {len(ledger)} rows, {most} in the fullest minute", sep="; ")
sys.exit(1 if wrong else 0)
