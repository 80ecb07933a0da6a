import BattenSystem
import TestSupport
import Testing

/// The table in docs/scheduling.md that compares Batten with others: each row is shown by a script of its name.
@Suite(.serialized) struct ComparisonTests {
    /// A script, and what it writes.
    private typealias Proof = (script: String, lines: [String])

    private static let prelude = """
        printf 'name: note\\nparameters: {w: {type: string, default: x}}\\nstages:\\n  - {id: a, uses: set, with: {w: "${{ parameters.w }}"}}\\n' > note.yaml
        batten add note.yaml > /dev/null
        next() { batten schedule next --after "$1" -n "${3:-2}" --utc "${@:4}" --cron "$2" --format json | grep -o '"at": "[^"]*"' | cut -d'"' -f4; }
        count() { batten query "$1" --format json | grep -o '[0-9]\\+' | head -1; }
        add() { batten schedule add note --name s "$@" > /dev/null; }
        fires() { count "select count(*) as n from schedule_fires where outcome = '$1'"; }
        # The wall clock, so much later.
        cc() { gcc -shared -fPIC -O1 -o shift.so '\(folder)/Clock/shift.c' -lpthread; head -c 8 /dev/zero > shift; }
        later() { python3 -c 'import struct, sys; open("shift", "r+b").write(struct.pack("<q", int(float(sys.argv[1]) * 1e9)))' $1; }
        shifted() { LD_PRELOAD=$PWD/shift.so CLOCK_SHIFT=$PWD/shift "$BATTEN" "$@"; }

        """

    private static let folder = FileSystem.parent(of: #filePath) ?? "."

    private static let proofs: [String: Proof] = [
        "time zones": (
            """
            next 2026-01-10T00:00:00Z '0 6 * * *' 1 --timezone Asia/Tokyo
            next 2026-01-10T00:00:00Z '0 6 * * *' 1 --timezone Europe/Oslo
            """, ["2026-01-10T21:00:00Z", "2026-01-10T05:00:00Z"]
        ),
        "a local time that is skipped or comes twice": (
            """
            next 2026-03-28T12:00:00Z '30 2 * * *' 2 --timezone Europe/Oslo
            next 2026-10-24T12:00:00Z '30 2 * * *' 2 --timezone Europe/Oslo
            """,
            [
                "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-10-25T00:30:00Z",
                "2026-10-26T01:30:00Z",
            ]
        ),
        "seconds": (
            "next 2026-01-10T00:00:00Z '*/20 * * * * *' 2 --timezone UTC; add --every 1s && echo added",
            ["2026-01-10T00:00:20Z", "2026-01-10T00:00:40Z", "added"]
        ),
        "last day, nearest weekday, nth weekday": (
            """
            next 2026-02-01T00:00:00Z '0 0 L * *' 1 --timezone UTC; next 2026-02-01T00:00:00Z '0 0 15W * *' 1 --timezone UTC
            next 2026-02-01T00:00:00Z '0 0 * * fri#2' 1 --timezone UTC
            """, ["2026-02-28T00:00:00Z", "2026-02-16T00:00:00Z", "2026-02-13T00:00:00Z"]
        ),
        "once": (
            """
            cc; add --at $(date -u -d '+5 min' +%FT%TZ); later 305; shifted serve --once > /dev/null; later 320
            shifted serve --once > /dev/null; fires started
            """, ["1"]
        ),
        "missed times": (
            """
            cc; for kind in none last all; do
                batten schedule add note --name $kind --every 60s --overlap allow --catch-up $kind > /dev/null; done
            later 660; shifted serve --once > /dev/null
            for kind in none last all; do
                count "select count(*) as n from schedule_fires f join schedules s on s.key = f.schedule_key
                    where s.name = '$kind' and outcome = 'started'"; done | awk '{print ($1 > 2 ? "all" : $1 > 0 ? "last" : 0)}'
            """, ["last", "last", "all"]
        ),
        "overlap": (
            """
            sed -i 's/uses: set.*/uses: gate, with: {prompt: "Go on?"}}/' note.yaml; batten add note.yaml > /dev/null
            for kind in skip queue queue_one cancel_running allow; do
                batten schedule add note --name $kind --every 1s --overlap $kind > /dev/null; done
            "$BATTEN" serve > log & serve=$!
            for kind in skip queue queue_one cancel_running allow; do
                of="from schedule_fires f join schedules s on s.key = f.schedule_key
                    where s.name = '$kind' and outcome <> 'missed'"
                for _ in $(seq 2400); do [ $(count "select count(*) as n $of") -ge 3 ] && break; sleep 0.025; done
                batten query "select distinct outcome $of order by 1" --format json | grep -o ': "[a-z]*"' | tr -d ':" ' | tr '\\n' ' '; echo
            done | sed 4d
            batten runs --status cancelled --limit 1 --format json | grep -o '"cancelled"' | head -1
            """, ["skipped started ", "queued started ", "queued skipped started ", "started ", "\"cancelled\""]
        ),
        "jitter": (
            """
            due() { add --every 1h --jitter 50m --start 2030-01-01T00:30:00Z; count "select next_at as n from schedules"; }
            a=$(due); batten schedule remove s > /dev/null; b=$(due); [ $a = $b ] && [ $((a % 1800000000000)) != 0 ] && echo same
            """, ["same"]
        ),
        "pause with a reason": (
            "add --every 1s; batten schedule pause s --reason 'on holiday' > /dev/null; batten schedule list | grep -o 'on holiday'",
            ["on holiday"]
        ),
        "pause after failures": (
            """
            sed -i 's/uses: set.*/uses: shell.run, with: {script: exit 1}}/' note.yaml; batten add note.yaml > /dev/null
            add --every 1s --pause-after 2; "$BATTEN" serve > log & await_line log 'its last 2 runs failed'; fires started
            """, ["2"]
        ),
        "backfill": (
            """
            add --every 1h --start 2026-01-01T00:00:00Z
            batten schedule backfill s --from 2026-01-01T00:00:00Z --to 2026-01-01T04:30:00Z --parallel 2 > /dev/null 2>&1
            batten serve --once > /dev/null; fires started
            """, ["5"]
        ),
        "times known beforehand": (
            "BATTEN_HOME=$PWD/none next 2026-01-10T00:00:00Z '@daily' 1 --timezone UTC; ls none 2>/dev/null | wc -l",
            ["2026-01-11T00:00:00Z", "0"]
        ),
        "the due time as a value": (
            """
            add --every 24h --start 2026-01-01T06:00:00Z -p 'w=${{ run.scheduled_for }}'
            batten schedule backfill s --from 2026-01-01T00:00:00Z --to 2026-01-01T12:00:00Z > /dev/null 2>&1
            batten serve --once > /dev/null; batten status - --format json | grep -o '"w": "[^"]*"' | head -1
            """, ["\"w\": \"2026-01-01T06:00:00.000Z\""]
        ),
        "several servers, one run": (
            """
            add --every 1s --overlap allow; for i in 1 2 3; do "$BATTEN" serve > log$i & done
            for _ in $(seq 1200); do [ $(fires started) -ge 3 ] && break; sleep 0.025; done; batten schedule pause s > /dev/null
            [ $(fires started) = $(count "select count(*) as n from runs") ] && echo one each
            """, ["one each"]
        ),
        "a clock set back": (
            """
            cc; add --every 60s --overlap allow; later 600; shifted serve --once > /dev/null; a=$(fires started)
            later -86400; shifted serve --once > /dev/null; later 590; shifted serve --once > /dev/null
            [ $a -gt 0 ] && [ $a = $(fires started) ] && echo nothing again
            """, ["nothing again"]
        ),
        "started by files": (
            """
            sed -i '1a on: {file: "in/*", settle: 50ms}' note.yaml; mkdir in; batten add note.yaml > /dev/null
            echo x > in/f; batten serve --once > log; grep -c 'trigger note started run' log
            """, ["1"]
        ),
        "started by another's end": (
            """
            sed '1,1s/.*/name: after\\non: {workflow: note}/' note.yaml > after.yaml; batten add after.yaml > /dev/null
            batten run note --quiet; batten serve --once > log; grep -c 'trigger after started run' log
            """, ["1"]
        ),
        "needs": (
            "batten run note --quiet; echo $?; ls home | grep -c 'batten.db$'", ["0", "1"]
        ),
    ]

    /// The names of the table's rows.
    private static func rows() throws -> [String] {
        let root = try #require(FileSystem.parent(of: folder).flatMap { FileSystem.parent(of: $0) })
        let text = String(decoding: try FileSystem.read(root + "/docs/scheduling.md"), as: UTF8.self)
        let table = text.split(separator: "\n").drop { !$0.hasPrefix("| | Batten |") }.dropFirst(2)
        return table.prefix { $0.hasPrefix("|") }.compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            return cells.count > 1 ? String(cells[1].trimmingPrefix(" ").reversed().drop { $0 == " " }.reversed()) : nil
        }
    }

    @Test func eachRowIsShown() throws {
        let rows = try Self.rows()
        #expect(Set(rows) == Set(Self.proofs.keys))
        for row in rows {
            guard let proof = Self.proofs[row] else { continue }
            let result = try Scene.play(Self.prelude + proof.script)
            #expect(result.lines.map(String.init) == proof.lines, "\(row): \(result)")
        }
    }
}
