import BattenCore
import BattenStore
import Testing

/// Rows of slots that engines share.
struct SlotRowTests {
    /// Commits a run whose first stage holds a slot.
    private func hold(
        _ store: SQLiteStore, run: String, engine: String, workflow: String, until: Timestamp? = nil
    ) throws {
        var script = RunScript(run)
        _ = try store.commit([script.accept(stages: 1, workflow: workflow, owner: engine)])
        var commit = script.step(done: nil, next: 0)
        commit.slotsTaken = [
            SlotLease(stageIndex: 0, attempt: 1, engine: engine, plugin: "shell", takenAt: at(1), expiresAt: until)
        ]
        #expect(try store.commit([commit]) == [.committed])
    }

    private func uses(_ store: SQLiteStore, engine: String, at instant: Timestamp) throws -> [SlotUse] {
        var seen: [SlotUse] = []
        _ = try store.commit(SlotRequest(engine: engine, at: instant)) { standing in
            seen = standing.uses
            return SlotDecision(commits: [])
        }
        return seen.sorted { $0.workflow < $1.workflow }
    }

    @Test func aSlotCountsForTheOthersWhileItsEngineLives() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var seat: EngineSeat? = try EngineSeat(state.folder, id: "living")
        try hold(store, run: "a", engine: "living", workflow: "w1")
        try hold(store, run: "b", engine: "living", workflow: "w2")
        try hold(store, run: "c", engine: "dead", workflow: "w3")
        let both = [
            SlotUse(workflow: "w1", plugin: "shell", count: 1), SlotUse(workflow: "w2", plugin: "shell", count: 1),
        ]
        #expect(try uses(store, engine: "other", at: at(5)) == both)
        #expect(try uses(store, engine: "living", at: at(5)).isEmpty)
        // Taken over, the slot is another's until the new owner has lost the attempt.
        let epoch = try #require(try store.claim(run: "b", engine: "other", fromEpoch: 1))
        #expect(try uses(store, engine: "other", at: at(5)) == both)
        #expect(try uses(store, engine: "living", at: at(5)) == [both[1]])
        var lost = RunCommit(run: "b", epoch: epoch)
        lost.slotsFreed = [SlotChange(stageIndex: 0, attempt: 1, plugin: "shell", isTaken: false)]
        #expect(try store.commit([lost]) == [.committed])
        #expect(try uses(store, engine: "other", at: at(5)) == [both[0]])
        seat = nil
        #expect(try uses(store, engine: "other", at: at(5)).isEmpty)
        _ = seat
    }

    @Test func aSlotWithATermCountsUntilThenWhoeverLives() throws {
        let state = try TemporaryState()
        let store = try state.open()
        try hold(store, run: "a", engine: "far", workflow: "w", until: at(100))
        #expect(try uses(store, engine: "other", at: at(99)).count == 1)
        #expect(try uses(store, engine: "other", at: at(100)).isEmpty)
        try store.renewSlots(engine: "far", until: at(200))
        #expect(try uses(store, engine: "other", at: at(199)).count == 1)
        #expect(try uses(store, engine: "other", at: at(200)).isEmpty)
    }

    /// Whoever lives and comes when it is called is waited for.
    @Test func whatEnginesWaitForIsToldToTheOthers() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let seats = try ["one", "two"].map { try EngineSeat(state.folder, id: $0) }
        func wait(_ engine: String, _ turn: Int64) -> SlotWait {
            SlotWait(engine: engine, workflow: "w", plugin: "shell", turn: Turn(nanoseconds: turn))
        }
        /// What an engine sees, after which it waits for this and calls those.
        func look(
            _ engine: String, at instant: Timestamp, waits: [SlotWait] = [], called: [String] = []
        ) throws -> [SlotWait] {
            var seen: [SlotWait] = []
            _ = try store.commit(SlotRequest(engine: engine, at: instant)) { standing in
                seen = standing.waits
                return SlotDecision(commits: [], waits: waits, called: called)
            }
            return seen
        }
        #expect(try look("dead", at: at(1), waits: [wait("dead", 1)]).isEmpty)
        #expect(try look("one", at: at(1), waits: [wait("one", 7)]).isEmpty)
        #expect(try look("two", at: at(2), called: ["one"]) == [wait("one", 7)])
        let late = at(2) + .seconds(2)
        #expect(try look("two", at: late + .nanoseconds(-1), called: ["one"]) == [wait("one", 7)])
        #expect(try look("two", at: late).isEmpty, "it has not come")
        #expect(try look("two", at: at(1)).isEmpty, "nor by a clock that was set back")
        for round in 1...2 {
            #expect(try look("one", at: late, waits: [wait("one", 7)]).isEmpty)
            #expect(try look("two", at: late, called: ["one"]).count == 1, "it came, round \(round)")
        }
        #expect(try look("one", at: late, waits: [wait("one", 7)]).isEmpty)
        #expect(try look("two", at: late).isEmpty, "it comes and takes nothing")
        #expect(try look("one", at: late, waits: [wait("one", 9)]).isEmpty)
        #expect(try look("two", at: late) == [wait("one", 9)], "it waits for something else")
        #expect(try look("one", at: late).isEmpty)
        #expect(try look("two", at: late).isEmpty)
        _ = seats
    }

    @Test func whatIsFencedTakesNoSlot() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let seat = try EngineSeat(state.folder, id: "living")
        var script = RunScript("a")
        _ = try store.commit([script.accept(stages: 1, owner: "living")])
        _ = try store.claim(run: "a", engine: "new", fromEpoch: 1)
        var commit = script.step(done: nil, next: 0)
        commit.slotsTaken = [
            SlotLease(stageIndex: 0, attempt: 1, engine: "living", plugin: "shell", takenAt: at(1))
        ]
        let verdicts = try store.commit(SlotRequest(engine: "living", at: at(2))) { _ in
            SlotDecision(
                commits: [commit],
                waits: [SlotWait(engine: "living", workflow: "w", plugin: "shell", turn: Turn(nanoseconds: 1))])
        }
        #expect(verdicts == [.fenced])
        #expect(try uses(store, engine: "other", at: at(5)).isEmpty)
        _ = seat
    }
}
