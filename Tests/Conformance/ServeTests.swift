import BattenSystem
import TestSupport
import Testing

/// Engines that carry the runs of others: detached ones, and those whose engine is gone.
@Suite(.serialized) struct ServeTests {
    /// A workflow whose only stage writes down what it was given; the next line of the script may be its first.
    private static let note = """
        cat > note.yaml <<'END'
        name: note
        parameters: {word: {type: string, default: none}}
        env: {COLOR: {from_host: COLOR, default: none}}
        stages:
          - id: note
            uses: shell.run
            env: {WORD: "${{ parameters.word }}"}
            with: {script: 'echo "$COLOR $WORD" >> notes'}
        END

        """

    @Test func detachedRunsWaitOnDiskForAnEngine() throws {
        let result = try Scene.play(
            Self.note + """
                id=$(COLOR=red batten run note.yaml --detach -p word=early 2> said); echo "detach $?"
                grep -c "no 'batten serve'" said
                batten status $id --format json | grep -o '"trigger": "[a-z]*"'
                batten why $id | grep -o 'was detached'
                COLOR=blue "$BATTEN" serve > log 2>&1 &
                serve=$!
                await_line log "run $id of note completed"
                later=$(COLOR=green batten run note.yaml --detach -p word=later 2>> said); echo "detach $?"
                await_line log "run $later of note completed"
                cat notes
                grep -c "no 'batten serve'" said
                batten events $id --format json | grep -o '"type":"run_[a-z]*"' | tr '\\n' ' '; echo
                kill -TERM $serve; wait $serve; echo "serve $?"
                tail -1 log | cut -d' ' -f2-
                """)
        #expect(
            result.lines == [
                "detach 0", "1", "\"trigger\": \"detached\"", "was detached", "detach 0", "red early", "green later",
                "1", "\"type\":\"run_accepted\" \"type\":\"run_started\" \"type\":\"run_completed\" ", "serve 0",
                "stopped",
            ], "\(result)")
    }

    @Test func whatContinuesARunCanBeDetachedToo() throws {
        let result = try Scene.play(
            """
            cat > steps.yaml <<'END'
            name: steps
            stages:
              - {id: ask, uses: gate, with: {prompt: "Go on?", timeout: 1ms, on_timeout: approve}}
              - {id: a, uses: shell.run, depends_on: [ask], with: {script: "echo a >> count"}}
              - {id: b, uses: shell.run, depends_on: [a], with: {script: "echo b >> count; test -e go"}}
            END
            "$BATTEN" run steps.yaml --quiet --wait-gates > /dev/null 2>&1; echo "run $?"
            touch go
            id=$(batten retry - --detach 2> /dev/null); echo "retry $?"
            batten status $id --format json | grep -o '"trigger": "[a-z]*"'
            batten query "select count(*) as n from gates where decision = 'approved'" --format json | grep -o '"n": [0-9]'
            batten fork $id --from a --detach --format json 2> /dev/null > forked; grep -c '"served": false' forked
            "$BATTEN" serve > log 2>&1 &
            await_line log "run $id of steps completed"
            await_line log "run $(grep '"run"' forked | cut -d'"' -f4) of steps completed"
            sort count | tr '\\n' ' '; echo
            """)
        #expect(
            result.lines == ["run 1", "retry 0", "\"trigger\": \"detached\"", "\"n\": 2", "1", "a a b b b "],
            "\(result)")
    }

    @Test func aDetachedRunThatIsCancelledBeforehandNeverStarts() throws {
        let result = try Scene.play(
            Self.note + """
                first=$(batten run note.yaml --detach 2> /dev/null)
                second=$(batten run note.yaml --detach 2> /dev/null)
                third=$(batten run note.yaml --detach -p word=third 2> /dev/null)
                batten cancel $first > /dev/null; echo "cancel $?"
                batten pause $second > /dev/null; echo "pause $?"
                "$BATTEN" serve > log 2>&1 &
                await_line log "run $third of note completed"
                await_line log "run $first of note cancelled"
                await_line log "run $second of note waits: the run is paused"
                cat notes
                batten resume $second --detach; await_line log "run $second of note completed"; cat notes
                """)
        #expect(
            result.lines.map { $0.split(separator: " ").last } == ["0", "0", "third", "on", "third", "none"],
            "\(result)")
    }

    @Test func aDeadOwnersRunsAreAdoptedWithinASecond() throws {
        var best = Int64.max
        for _ in 0..<10 {
            let result = try Scene.play(
                """
                cat > long.yaml <<'END'
                name: long
                stages:
                  - {id: first, uses: shell.run, with: {script: "echo first >> count"}}
                  - {id: second, depends_on: [first], uses: shell.run, with: {script: "touch started; test -e go || sleep 60"}}
                END
                "$BATTEN" serve --format json > log 2>&1 &
                serve=$!
                await_line log serving
                "$BATTEN" run long.yaml --quiet > /dev/null 2>&1 &
                await started
                touch go
                kill -KILL $!; date +%s%N
                await_line log '"event":"ended"'
                grep -o '"event":"[a-z]*"' log | tr '\\n' ' '; echo
                batten events - --format json | grep '"run_recovered"' | grep -o '"at":"[^"]*"' | cut -d'"' -f4 \\
                    | xargs -I @ date -d @ +%s%N
                echo "first $(grep -c first count)"; status_of -
                kill -TERM $serve; wait $serve; echo "serve $?"
                """)
            guard result.lines.count == 6, let died = Int64(result.lines[0]), let adopted = Int64(result.lines[2])
            else {
                Issue.record("\(result)")
                return
            }
            #expect(
                result.lines[1] == "\"event\":\"serving\" \"event\":\"adopted\" \"event\":\"ended\" "
                    && result.lines[3...] == ["first 1", "completed", "serve 0"], "\(result)")
            best = min(best, adopted - died)
            if best < 1_000_000_000 { break }
        }
        print("a run was adopted \(best / 1_000) µs after its owner was killed")
        #expect(best < 1_000_000_000)
    }

    /// The promise that others break: a living engine's runs stay its own, however little it moves.
    @Test func aLivingOwnersRunsAreNeverAdopted() throws {
        let result = try Scene.play(
            Self.note + """
                cat > long.yaml <<'END'
                name: long
                stages:
                  - {id: a, uses: shell.run, with: {script: "echo a >> count; touch started; sleep 60"}}
                END
                "$BATTEN" run long.yaml --quiet > /dev/null 2>&1 &
                owner=$!
                await started
                kill -STOP $owner
                long=$(batten runs --format json | grep -m1 '"run"' | cut -d'"' -f4)
                who() { batten query "select owner from runs where id = '$long'" --format json | grep -m1 owner; }
                before=$(who)
                # Far more work than processors.
                for _ in $(seq 6); do (while :; do :; done) & busy="$busy $!"; done
                "$BATTEN" serve > log 2>&1 &
                # Everything that gives a reason to look: detached runs, engines that come and die, orphans.
                for i in $(seq 5); do
                    batten run note.yaml --detach > /dev/null
                    "$BATTEN" run note.yaml --quiet > /dev/null 2>&1 & kill -KILL $!
                done
                last=$(batten run note.yaml --detach)
                await_line log "run $last of note completed"
                [ "$before" = "$(who)" ] && echo "same owner"
                grep -c "run $long" log; wc -l < count
                kill -KILL $owner
                kill -KILL $busy
                await_line log "run $long of long taken up"
                batten cancel $long > /dev/null
                await_line log "run $long of long cancelled"
                """)
        #expect(result.lines == ["same owner", "0", "1"], "\(result)")
    }

    @Test func ofSeveralEnginesOneGetsARun() throws {
        let result = try Scene.play(
            """
            cat > steps.yaml <<'END'
            name: steps
            parameters: {n: {type: integer}}
            stages:
              - {id: a, uses: shell.run, with: {script: "echo $BATTEN_RUN a $BATTEN_ATTEMPT >> count"}}
              - {id: b, depends_on: [a], uses: shell.run, with: {script: "sleep 0.05; echo $BATTEN_RUN b $BATTEN_ATTEMPT >> count"}}
              - {id: c, depends_on: [b], uses: shell.run, with: {script: "echo $BATTEN_RUN c $BATTEN_ATTEMPT >> count"}}
            END
            for i in $(seq 24); do batten run steps.yaml --detach -p n=$i 2> /dev/null; done > ids
            "$BATTEN" serve > one 2>&1 & one=$!
            "$BATTEN" serve > two 2>&1 & two=$!
            "$BATTEN" serve > three 2>&1 & three=$!
            # Some more for whoever is first, and one of them dies with what it has.
            for i in $(seq 12); do
                batten run steps.yaml --detach -p n=$i >> ids
                [ $i = 6 ] && kill -KILL $two
            done
            for id in $(cat ids); do
                for _ in $(seq 1200); do grep -q "run $id of steps completed" one two three && break; sleep 0.025; done
            done
            kill -TERM $one $three; wait $one $three; echo "serve $?"
            batten runs --limit 100 --format json | grep -c '"completed"'
            # What was done twice was lost with the engine that was killed, and is a later attempt.
            sort count | uniq -d | wc -l
            cut -d' ' -f1,2 count | sort -u | wc -l
            batten events --help > /dev/null
            batten query "select count(*) as n from events where type = 'stage_completed'" --format json | grep -o '[0-9]*'
            batten db check > /dev/null; echo "check $?"
            """)
        #expect(
            result.lines == ["serve 0", "36", "0", "108", "108", "check 0"],
            "\(result)")
    }

    @Test func anEngineThatIsStoppedLetsGoCleanly() throws {
        let result = try Scene.play(
            """
            cat > two.yaml <<'END'
            name: two
            stages:
              - {id: short, uses: shell.run, with: {script: "touch short; sleep 0.3; echo short >> count"}}
              - {id: long, uses: shell.run, with: {script: "echo long >> count; test -e go || sleep 60"}}
              - {id: after, depends_on: [short], uses: shell.run, with: {script: "echo after >> count"}}
            END
            id=$(batten run two.yaml --detach 2> /dev/null)
            "$BATTEN" serve --drain 2s > log 2>&1 & serve=$!
            await short
            kill -TERM $serve; wait $serve; echo "serve $?"
            sed 's/^[^ ]* //' log | tail -2
            # What ended within the drain time is committed; nothing new has started.
            batten status $id --format json | grep '"status"' | cut -d'"' -f4 | tr '\\n' ' '; echo
            sort count | tr '\\n' ' '; echo; touch go
            "$BATTEN" serve > log 2>&1 & serve=$!
            await_line log "run $id of two completed"
            sort count | tr '\\n' ' '; echo
            kill -TERM $serve; wait $serve
            # The second signal does not wait.
            rm go short; id=$(batten run two.yaml --detach 2> /dev/null)
            "$BATTEN" serve --drain 1h > log 2>&1 & serve=$!
            await short
            kill -TERM $serve; await_line log stopping; kill -TERM $serve; wait $serve; echo "serve $?"
            """)
        #expect(
            result.lines == [
                "serve 0", "stopping: nothing new starts, running stages get 2s to end",
                "stopped; one run that has not ended can be taken up by another engine",
                "running completed waiting waiting ", "long short ", "after long long short ", "serve 130",
            ], "\(result)")
    }

    /// Restarts of a service are no losses: only the third death of an engine would end the stage.
    @Test func aStageOutlivesAnyNumberOfOrderlyStops() throws {
        let result = try Scene.play(
            """
            cat > long.yaml <<'END'
            name: long
            stages:
              - {id: long, uses: shell.run, with: {script: "echo $BATTEN_ATTEMPT > began$BATTEN_ATTEMPT; test -e go || sleep 60"}}
              - {id: ask, uses: shell.run, on_lost: gate, with: {script: "test -e asked || { touch asked; sleep 60; }"}}
            END
            id=$(batten run long.yaml --detach 2> /dev/null)
            for n in 1 2 3 4; do
                drain=10ms; [ $n = 4 ] && drain=1h
                "$BATTEN" serve --drain $drain > log$n 2>&1 & serve=$!
                await began$n; await asked
                [ $n = 4 ] && { kill -TERM $serve; await_line log$n stopping; }
                kill -TERM $serve; wait $serve; echo "serve $?"
            done
            touch go
            batten gates | grep -o 'attempt 1 was cut off'
            batten approve $id ask --as ann > /dev/null
            "$BATTEN" serve > log 2>&1 & serve=$!
            await_line log "run $id of long completed"
            batten events $id --format json | grep '"stage":"long"' | grep -o '"reason":"[a-z_]*"' \\
                | cut -d'"' -f4 | uniq -c | awk '{print $2, $1}'
            kill -TERM $serve; wait $serve; echo "serve $?"
            """)
        #expect(
            result.lines == [
                "serve 0", "serve 0", "serve 0", "serve 130", "attempt 1 was cut off", "first 1", "engine_stopped 4",
                "serve 0",
            ], "\(result)")
    }

    @Test func exitCodesSayWhyAnEngineStopped() throws {
        let result = try Scene.play(
            """
            batten serve --drain soon > /dev/null 2>&1; echo "option $?"
            batten serve there > /dev/null 2>&1; echo "argument $?"
            touch file; BATTEN_HOME=$PWD/file batten serve > log 2>&1; echo "home $?"; wc -l < log | grep -c '[1-9]'
            BATTEN_HOME=/proc/batten batten serve > /dev/null 2>&1; echo "no store $?"
            "$BATTEN" serve --format json > log 2>&1 & serve=$!
            await_line log serving; kill -TERM $serve; wait $serve; echo "stopped $?"
            grep -o '"event":"[a-z]*"\\|"left":[0-9]*' log | tr '\\n' ' '; echo
            """)
        #expect(
            result.lines == [
                "option 2", "argument 2", "home 10", "1", "no store 10", "stopped 0",
                "\"event\":\"serving\" \"event\":\"stopping\" \"event\":\"stopped\" \"left\":0 ",
            ], "\(result)")
    }

    /// The limit on the length of files makes the store fail under an engine, whatever it writes.
    @Test func anEngineWhoseStoreFailsStopsAndAnotherOneGoesOn() throws {
        let result = try Scene.play(
            """
            cat > long.yaml <<'END'
            name: long
            stages:
              - {id: a, uses: shell.run, with: {script: "head -c 60000 /dev/zero | tr '\\\\0' x"}}
              - {id: b, depends_on: [a], uses: shell.run, with: {script: "echo b"}}
            END
            (trap '' XFSZ; ulimit -f 2048; exec "$BATTEN" serve --format json) > log 2> /dev/null & serve=$!
            await_line log serving
            for i in $(seq 40); do batten run long.yaml --detach 2> /dev/null; done > ids
            wait $serve; echo "serve $?"
            grep -c '"event":"failed","code":"store_[a-z]*"' log
            grep -vc '^{.*}$' log
            "$BATTEN" serve > log 2>&1 & serve=$!
            for id in $(cat ids); do await_line log "run $id of long completed\\|runs taken up"; done
            for _ in $(seq 1200); do
                left=$(batten query "select count(*) as n from runs where status <> 'completed'" --format json | grep -o '[0-9]*')
                [ "$left" = 0 ] && break
                sleep 0.025
            done
            echo "left $left"
            kill -TERM $serve; wait $serve; echo "serve $?"
            batten db check > /dev/null; echo "check $?"
            """)
        #expect(result.lines == ["serve 10", "1", "0", "left 0", "serve 0", "check 0"], "\(result)")
    }

    @Test func anIdleEngineDoesNotWakeUp() throws {
        let result = try Scene.play(
            Self.note + """
                "$BATTEN" serve > log 2>&1 & serve=$!
                id=$(batten run note.yaml --detach); await_line log "run $id of note completed"
                switches() { cat /proc/$serve/task/*/status | awk '/ctxt_switches/ {n += $2} END {print n}'; }
                # Threads that have done something rest after a while.
                for _ in $(seq 40); do
                    before=$(switches); sleep 2; after=$(switches)
                    [ $before = $after ] && break
                done
                echo "$((after - before)) wake-ups"
                batten run note.yaml --detach > /dev/null; await_line log "run .* of note completed"; echo awake
                """)
        #expect(result.lines == ["0 wake-ups", "awake"], "\(result)")
    }

    @Test func oneKeyIsOneRunOverManyProcesses() throws {
        let result = try Scene.play(
            Self.note + """
                "$BATTEN" serve > log 2>&1 &
                await_line log serves
                for i in $(seq 6); do
                    "$BATTEN" run note.yaml --detach --idempotency-key k > id$i 2> /dev/null & jobs="$jobs $!"
                    "$BATTEN" run note.yaml --idempotency-key k --format json > run$i 2> err$i & jobs="$jobs $!"
                done
                for job in $jobs; do wait $job || echo "ended with $?"; done
                cat err* | grep -v '^[0-9]'
                (cat id*; grep -h '"run":' run* | cut -d'"' -f4) | sort | uniq -c | awk '{print $1}'
                wc -l < notes
                """)
        #expect(result.lines == ["12", "1"], "\(result)")
    }

    @Test func dueTimesStartOneRunEachOverTwoEnginesAndAKill() throws {
        let result = try Scene.play(
            Self.note + """
                batten add note.yaml > /dev/null
                batten schedule add note --name tick --every 1s --overlap allow --catch-up all -p word=tick > /dev/null
                "$BATTEN" serve --format json > one & one=$!
                "$BATTEN" serve --format json > two & two=$!
                trap 'kill -KILL $one $two 2> /dev/null' EXIT
                fired() { cat one two three 2> /dev/null | grep -c '"event":"fired"'; }
                for _ in $(seq 1200); do [ $(fired) -ge 3 ] && break; sleep 0.025; done
                kill -KILL $one $two
                # Nobody serves for a while.
                before=$(fired); start=$(date +%s)
                while [ $(($(date +%s) - start)) -lt 3 ]; do sleep 0.1; done
                "$BATTEN" serve --format json > three & three=$!
                for _ in $(seq 1200); do [ $(fired) -ge $((before + 5)) ] && break; sleep 0.025; done
                batten schedule pause tick > /dev/null
                kill -TERM $three; wait $three
                # A fire whose run ended as its engine was killed is a run all the same.
                batten serve --once > /dev/null
                batten query --format json "SELECT count(*) AS fires, count(DISTINCT run_key) AS runs,
                    (max(at) - min(at)) / 1000000000 + 1 AS seconds FROM schedule_fires WHERE outcome = 'started'" > counts
                grep -o '[0-9]*' counts | sort -u | wc -l
                batten query --format json "SELECT count(*) AS n FROM runs WHERE trigger <> 'schedule'
                    OR status <> 'completed'" | grep -o '[0-9]\\+'
                [ $(wc -l < notes) -ge $(grep -o '"fires": [0-9]*' counts | grep -o '[0-9]*') ] && echo "all ran"
                """)
        #expect(result.lines == ["1", "0", "all ran"], "\(result)")
    }

    @Test func aWorkflowThatIsGoneOrDisabledPausesItsSchedule() throws {
        let result = try Scene.play(
            Self.note + """
                batten add note.yaml > /dev/null; batten disable note > /dev/null
                batten schedule add note --name tick --every 1s > /dev/null
                "$BATTEN" serve > log & serve=$!
                await_line log "schedule tick is paused: workflow 'note' is disabled"
                batten enable note > /dev/null
                batten schedule resume tick
                await_line log "schedule tick started run"
                batten schedule list --format json | grep -o '"paused": [a-z]*'
                batten remove note > /dev/null; batten schedule list --format json | grep pause_reason
                kill -TERM $serve; wait $serve; echo "exit $?"
                """)
        #expect(
            result.lines == [
                "schedule tick goes on", "\"paused\": false", "      \"pause_reason\": \"its workflow was removed\",",
                "exit 0",
            ], "\(result)")
    }
}
