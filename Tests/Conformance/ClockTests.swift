import BattenCore
import BattenSystem
import TestSupport
import Testing

/// Engines under a clock that jumps: each due time is one run, however they end.
@Suite(.serialized) struct ClockTests {
    @Test func everyDueTimeIsOneRunWhateverTheClockDoes() throws {
        let minutes = ProcessEnvironment.variable("BATTEN_TEST_SOAK").flatMap { Int($0) }
        let fixed = ProcessEnvironment.variable("BATTEN_TEST_SEED").flatMap { UInt64($0) }
        let seed = fixed ?? Entropy.bits() >> 16
        let seconds = minutes.map { $0 * 60 } ?? 15
        let folder = try #require(FileSystem.parent(of: #filePath))
        let result = try Scene.play(
            "export PYTHONDONTWRITEBYTECODE=1; python3 '\(folder)/Clock/jumps.py' \"$BATTEN\" \(seconds) \(seed)",
            seconds: seconds + 300)
        print("clock: \(result.lines.last ?? "nothing was told")")
        #expect(
            result.status == 0,
            """
            seed \(seed) (see it again: BATTEN_TEST_SEED=\(seed) scripts/test --filter ClockTests; when a process dies is \
            chance):
            \(result.lines.joined(separator: "\n"))
            \(result.errors.suffix(2_000))
            """)
    }

    @Test func whoServesTellsThatTheClockWasSet() throws {
        let folder = try #require(FileSystem.parent(of: #filePath))
        let result = try Scene.play(
            """
            gcc -shared -fPIC -O1 -o shift.so '\(folder)/Clock/shift.c' -lpthread
            set_clock() {
                python3 -c 'import struct, sys
            with open("shift", sys.argv[2]) as file: file.write(struct.pack("<q", int(sys.argv[1]) * 10**9))' $1 ${2:-r+b}
            }
            serve() {
                LD_PRELOAD="$PWD/shift.so" CLOCK_SHIFT="$PWD/shift" "$BATTEN" serve --format json > $1 & pid=$!
                await_line $1 serving
            }
            set_clock 0 wb
            printf 'name: tick\nstages:\n  - {id: tick, uses: set, with: {x: 1}}\n' > tick.yaml
            batten add tick.yaml > /dev/null
            batten schedule add tick --name hourly --every 1h --catch-up last > /dev/null
            serve first
            sleep 0.2
            set_clock -86400
            await_line first clock_set
            set_clock 7200
            await_line first '"event":"fired"'
            for _ in $(seq 1200); do [ $(grep -c clock_set first) = 2 ] && break; sleep 0.025; done
            kill -KILL $pid; wait $pid
            set_clock 0
            serve again
            await_line again clock_set
            kill $pid; wait $pid
            batten schedule show hourly --format json > shown
            python3 -c 'import datetime, json
            def at(text): return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
            for name in ("first", "again"):
                for line in map(json.loads, open(name)):
                    if line["event"] == "clock_set":
                        step = (at(line["to"]) - at(line["from"])).total_seconds()
                        wait = (at(line["next"]) - at(line["to"])).total_seconds()
                        print(round(step / 3600), 0 < wait, wait <= 3600)
                    elif line["event"] in ("fired", "missed"): print(line["event"])'
            """, seconds: 300)
        #expect(
            result.lines == [
                // Set back a day, the next time stays the next one, a day and up to an hour away.
                "-24 True False",
                // Forward again, and two hours beyond: of what was due meanwhile the last one starts.
                "fired", "missed", "26 True True",
                // Who begins with a clock that is behind what was done by it says so too.
                "-2 True False",
            ], "\(result.lines) \(result.errors)")
    }
}
