import BattenSystem
import TestSupport
import Testing

/// What starts runs besides the clock: events, files, ends of other runs; each of them one run.
@Suite(.serialized) struct TriggerTests {
    private static let helpers = """
        count() { batten query "$1" --format json | grep -o '[0-9]\\+' | head -1; }
        runs_of() { count "select count(*) as n from runs where workflow = '$1' and status = 'completed'"; }
        await_runs() { for _ in $(seq 1200); do [ "$(runs_of $1)" -ge $2 ] && return; sleep 0.025; done; echo "no $2 runs of $1"; }
        note() {
            cat > $1.yaml <<END
        name: $1
        parameters: {word: {type: string, default: none}}
        on: $2
        stages:
          - {id: note, uses: shell.run, env: {WORD: "\\${{ parameters.word }}"}, with: {script: 'echo "\\$WORD" >> $PWD/$1.notes'}}
        END
            batten add $1.yaml > /dev/null
        }

        """

    @Test func anEventIsOnDiskBeforeItIsAcknowledgedAndOneRunAKey() throws {
        let result = try Scene.play(
            Self.helpers + """
                note deploy '{event: push}'
                note audit '[{event: push, name: watcher, parameters: {word: "saw ${{ run.event.data.word }} by ${{ run.event.key }}"}}]'
                batten trigger psuh 2>&1 | tail -1; batten trigger psuh > /dev/null 2>&1; echo "unknown $?"
                batten trigger push --data '{' > /dev/null 2>&1; echo "bad $?"
                # Nobody serves: it is kept.
                batten trigger push --data '{"word": "one"}' --key 1 2> said; grep -c 'on disk until' said
                batten trigger push --data '{"word": "other"}' --key 1 2> /dev/null
                "$BATTEN" serve > log & serve=$!
                await_runs deploy 1; await_runs audit 1
                batten trigger push --data '{"word": "two"}' --key 2 --format json 2> said | grep -o '"served": [a-z]*'; cat said
                await_runs deploy 2; await_runs audit 2
                batten trigger push --data '{"wrod": 1}' --key 3 > /dev/null
                await_line log 'trigger deploy starts no run for 3'
                cat deploy.notes; sort audit.notes
                # The same line on the socket, from any program.
                python3 - home/engines/*.ask <<'END'
                import socket, sys
                s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1])
                s.sendall(b'{"trigger":"push","data":{"word":"three"},"key":"4"}\\n')
                print(s.makefile().readline().count('"new":true'))
                END
                await_runs deploy 3
                kill -TERM $serve; wait $serve; echo "exit $?"
                batten triggers --format json | grep -o '"trigger": "[a-z]*"'
                batten triggers deploy | grep -c started
                batten remove audit > /dev/null; batten triggers --format json | grep -c '"trigger"'
                """)
        #expect(
            result.lines == [
                "  = help: did you mean 'push'?", "unknown 8", "bad 2",
                "trigger deploy: a run of deploy is asked for", "trigger watcher: a run of audit is asked for", "1",
                "trigger deploy: the key was used before, nothing new starts",
                "trigger watcher: the key was used before, nothing new starts", "\"served\": true", "one", "two",
                "saw one by 1", "saw two by 2", "2", "exit 0", "\"trigger\": \"deploy\"", "\"trigger\": \"watcher\"",
                "3",
                "1",
            ], "\(result)")
    }

    @Test func filesCountOnceTheyHaveSettled() throws {
        let result = try Scene.play(
            Self.helpers + """
                mkdir in; echo old > in/old.csv
                note inbox '{file: "in/*.csv", settle: 100ms, parameters: {word: "${{ run.event.file }} ${{ run.event.bytes }}"}}'
                # It came while nobody served; the one before the trigger does not count, nor what has another name.
                echo x > in/early.csv; echo x > in/early.txt; mkdir in/folder.csv; echo x > in/.hidden.csv
                "$BATTEN" serve > one & one=$!
                "$BATTEN" serve > two & two=$!
                await_runs inbox 1
                # Whole at once, and bit by bit by somebody who keeps it open.
                echo hello > moved.tmp; mv moved.tmp in/moved.csv
                (exec 9> in/slow.csv; for i in 1 2 3 4 5 6; do echo "line $i" >&9; sleep 0.1; done)
                await_runs inbox 3
                # The same file again is another one only when it has changed.
                touch -r in/slow.csv in/slow.csv; echo more >> in/moved.csv
                await_runs inbox 4
                kill -KILL $one; kill -TERM $two; wait $two
                echo late > in/late.csv
                "$BATTEN" serve > three & three=$!
                await_runs inbox 5
                # A folder that is replaced is watched like the old one.
                mv in away; mkdir in; echo 12345 > in/again.csv
                await_runs inbox 6
                kill -TERM $three; wait $three; echo "exit $?"
                "$BATTEN" serve --once > four; grep -c trigger four
                sort inbox.notes
                """)
        #expect(
            result.lines == [
                "exit 0", "0", "again.csv 6", "early.csv 2", "late.csv 5", "moved.csv 11", "moved.csv 6", "slow.csv 42",
            ], "\(result)")
    }

    @Test func aFolderThatIsMadeLaterIsWaitedFor() throws {
        let result = try Scene.play(
            Self.helpers + """
                note inbox "{file: '$PWD/a/b/*', settle: 50ms, existing: true, parameters: {word: '\\${{ run.event.path }}'}}"
                "$BATTEN" serve > log & serve=$!
                await_line log serves
                mkdir -p a/b; echo x > a/b/first
                await_runs inbox 1
                # Without work it sleeps, whatever it watches.
                switches() { cat /proc/$serve/task/*/status | awk '/ctxt_switches/ {n += $2} END {print n}'; }
                for _ in $(seq 40); do before=$(switches); sleep 2; [ $before = $(switches) ] && { echo asleep; break; }; done
                sed "s|$PWD/||" inbox.notes
                """)
        #expect(result.lines == ["asleep", "a/b/first"], "\(result)")
    }

    @Test func theEndOfARunStartsOthersWhoeverDroveIt() throws {
        let result = try Scene.play(
            Self.helpers + """
                cat > fetch.yaml <<'END'
                name: fetch
                parameters: {fails: {type: boolean, default: false}}
                outputs: {size: {value: "${{ stages.a.outputs.stdout }}"}}
                stages:
                  - {id: a, uses: shell.run, env: {FAILS: "${{ parameters.fails }}"}, with: {script: 'printf 7; [ $FAILS = false ]'}}
                END
                batten add fetch.yaml > /dev/null
                note good '{workflow: fetch, parameters: {word: "size ${{ run.event.outputs.size }}"}}'
                note bad '{workflow: fetch, status: [failed, timed_out], parameters: {word: "${{ run.event.status }}"}}'
                # Nobody serves.
                batten run fetch --quiet > /dev/null
                "$BATTEN" serve > log & serve=$!
                await_runs good 1
                # By another process, and by the one that serves.
                batten run fetch --quiet > /dev/null; await_runs good 2
                batten run fetch --quiet -p fails=true > /dev/null 2>&1; await_runs bad 1
                batten run fetch --detach > /dev/null; await_runs good 3
                cat good.notes bad.notes
                # Who wait for each other do so only so often.
                note ping '[{workflow: pong}, {event: begin}]'; note pong '{workflow: ping}'
                batten trigger begin > /dev/null
                await_line log 'starts no run for .*one after the other'
                count "select count(*) as n from runs where workflow in ('ping', 'pong')"
                note self '{workflow: self}' 2>&1 | grep -o 'waits for the end of its own workflow' | head -1
                kill -TERM $serve; wait $serve; echo "exit $?"
                """)
        #expect(
            result.lines == [
                "size 7", "size 7", "size 7", "failed", "33", "waits for the end of its own workflow", "exit 0",
            ], "\(result)")
    }

    /// Engines are killed at any instant while files and events come.
    @Test func eachEventIsOneRunWhereverEnginesAreKilled() throws {
        let result = try Scene.play(
            Self.helpers + """
                mkdir in
                note inbox '{file: "in/*", settle: 20ms, parameters: {word: "${{ run.event.file }}"}}'
                note told '{event: go, parameters: {word: "${{ run.event.key }}"}}'
                for i in $(seq 60); do
                    if [ $((i % 3)) = 1 ]; then
                        "$BATTEN" serve > log$i 2>&1 & serves="$serves $!"
                        set -- $serves; [ $# -gt 2 ] && { kill -KILL $1; shift; serves="$*"; }
                    fi
                    echo $i > in/f$i
                    batten trigger go --key $((i % 40)) > /dev/null 2>> errs
                    sleep 0.0$((RANDOM % 9))
                done
                kill -KILL $serves
                timeout 60 "$BATTEN" serve --once > log; echo "exit $?"
                count "select count(*) as n from trigger_events where outcome <> 'started'"
                count "select count(*) as n from runs where status <> 'completed'"
                for w in inbox told; do
                    count "select count(*) as n from runs where workflow = '$w'"
                    sort $w.notes | uniq | wc -l
                done
                batten db check > /dev/null; echo "check $?"
                """)
        #expect(result.lines == ["exit 0", "0", "0", "60", "60", "40", "40", "check 0"], "\(result)")
    }

    @Test func parametersOfSchedulesKnowTheDueTime() throws {
        let result = try Scene.play(
            """
            cat > day.yaml <<'END'
            name: day
            parameters: {day: {type: string, default: none}}
            schedule: [{every: 24h, start: "2026-01-01T06:00:00Z", parameters: {day: "${{ run.scheduled_for }}"}}]
            stages:
              - {id: a, uses: shell.run, env: {DAY: "${{ parameters.day }}", DUE: "${{ run.scheduled_for ?? 'nobody' }}"},
                 with: {script: 'echo "$DAY $DUE" >> notes'}}
            END
            batten add day.yaml > /dev/null
            batten schedule backfill day --from 2026-01-01T00:00:00Z --to 2026-01-03T00:00:00Z > /dev/null 2>&1
            batten serve --once > /dev/null
            batten run day --quiet
            batten retry - --quiet > /dev/null 2>&1
            sort notes
            sed -i 's/run.scheduled_for }}"}}\\]/run.id }}"}}]/' day.yaml; batten add day.yaml 2>&1 | grep -o "reads 'run.id'" | head -1
            """)
        #expect(
            result.lines == [
                "2026-01-01T06:00:00.000Z 2026-01-01T06:00:00.000Z",
                "2026-01-02T06:00:00.000Z 2026-01-02T06:00:00.000Z", "none nobody", "reads 'run.id'",
            ], "\(result)")
    }
}
