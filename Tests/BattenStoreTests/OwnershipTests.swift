import BattenCore
import BattenStore
import BattenSystem
import Testing

@Suite struct OwnershipTests {
    @Test func anEngineIsAliveAsLongAsItHoldsItsLock() throws {
        let state = try TemporaryState()
        let folder = state.folder
        #expect(try !EngineFolder.isAlive("a", in: folder), "never here")
        #expect(try !EngineFolder.wake("a", in: folder))
        #expect(try EngineFolder.living(in: folder) == [])
        do {
            let seat = try EngineSeat(folder, id: "a")
            #expect(try EngineFolder.isAlive("a", in: folder))
            #expect(try EngineFolder.isAlive("a", in: folder), "looking does not take the lock")
            #expect(try EngineFolder.living(in: folder) == ["a"])
            let error = #expect(throws: StoreError.self) { try EngineSeat(folder, id: "a") }
            #expect(error?.code == .busy)
            #expect(try EngineFolder.clean(folder) == [], "a living engine keeps its files")
            #expect(seat.takeWakes() == 0)
            for _ in 0..<3 { #expect(try EngineFolder.wake("a", in: folder)) }
            #expect(seat.takeWakes() == 3)
            #expect(seat.takeWakes() == 0)
            // More wake-ups than fit do not block who sends them, and wake all the same.
            for _ in 0..<5_000 { #expect(try EngineFolder.wake("a", in: folder)) }
            #expect(seat.takeWakes() > 0)
        }
        #expect(try !EngineFolder.isAlive("a", in: folder))
        #expect(try FileSystem.list(folder.engines) == [], "an orderly end leaves nothing")
        _ = try EngineSeat(folder, id: "a")
    }

    @Test func deadEnginesAreCleanedAway() throws {
        let state = try TemporaryState()
        let folder = state.folder
        let living = try EngineSeat(folder, id: "living")
        // What a killed process leaves: the files, nobody's lock.
        _ = try FileSystem.open(folder.engines + "/dead.lock", .create)
        _ = try DatagramSocket(receivingAt: "dead.sock", in: folder.engines)
        #expect(try !EngineFolder.isAlive("dead", in: folder))
        #expect(try !EngineFolder.wake("dead", in: folder))
        #expect(try EngineFolder.clean(folder) == ["dead"])
        #expect(try FileSystem.list(folder.engines) == ["living.lock", "living.sock"])
        #expect(try EngineFolder.isAlive(living.id, in: folder))
        // A new engine takes the dead one's name and files.
        _ = try FileSystem.open(folder.engines + "/again.lock", .create)
        _ = try EngineSeat(folder, id: "again")
    }

    @Test func aLongPathStillHasSockets() throws {
        let state = try TemporaryState()
        let deep = StateFolder(state.folder.path + "/" + String(repeating: "long-name/", count: 20) + "home")
        let seat = try EngineSeat(deep, id: "a")
        #expect(try EngineFolder.wake("a", in: deep))
        #expect(seat.takeWakes() == 1)
    }

    @Test(arguments: ["", "a/b", "..", "a.b", "ø", "a b", String(repeating: "x", count: 65)])
    func anIdThatCannotNameAFileIsRefused(id: String) throws {
        let state = try TemporaryState()
        #expect(throws: StoreError.self) { try EngineSeat(state.folder, id: id) }
        #expect(throws: StoreError.self) { try EngineFolder.isAlive(id, in: state.folder) }
        #expect(throws: StoreError.self) { try EngineFolder.wake(id, in: state.folder) }
    }

    @Test func theStoreRemembersEnginesWithTheirFirstCommit() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        var engine = EngineRecord(
            id: "engine-a", host: "here", pid: 42, version: "0.1", role: "run", startedAt: at(0))
        try store.introduce(engine)
        #expect(try reader.engines() == [], "starting costs no commit")
        var script = RunScript("one")
        _ = try store.commit([script.accept(stages: 1)])
        #expect(try reader.engines() == [engine])
        try store.engineStopped("engine-a", at: at(9))
        engine.stoppedAt = at(9)
        #expect(try reader.engines() == [engine])
    }
}
