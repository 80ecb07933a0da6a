import BattenSystem
import Synchronization

/// What becomes of a wish for a file of the spool.
enum SpoolAnswer: Sendable {
    /// A descriptor; becomes the asker's.
    case file(Int32)
    /// There is no spool: blobs stay in memory.
    case noSpool
    /// It cannot be; why, for people.
    case refused(String)
    /// The call is over.
    case stale

    /// The descriptor, -1 where there is none.
    var descriptor: Int32 { if case .file(let descriptor) = self { descriptor } else { -1 } }

    /// Why it cannot be; empty where there is nothing to say.
    var reason: String { if case .refused(let reason) = self { reason } else { "" } }

    /// What an answer without a file is called between processes.
    var code: UInt8 {
        switch self {
        case .file: 0
        case .noSpool: 1
        case .refused: 2
        case .stale: 3
        }
    }

    /// An answer without a file, from another process; nil when it is none.
    init?(code: UInt8, reason: String) {
        switch code {
        case 1: self = .noSpool
        case 2: self = .refused(reason)
        case 3: self = .stale
        default: return nil
        }
    }
}

extension CallBlobs {
    /// A blob with more bytes than this lies in a file: a few calls with such blobs would otherwise take memory that
    /// nobody has planned for, and for fewer bytes a file costs more than it saves.
    static let memoryLimit: UInt64 = 8 << 20

    /// Makes, opens or seals a file of the spool.
    ///
    /// - Parameter folder: the spool; nil when there is none.
    mutating func answer(_ wish: WorkerQuestion, _ number: UInt64, folder: String?) -> SpoolAnswer {
        do throws(SystemError) {
            if wish == .makeFile {
                guard let folder else { return .noSpool }
                let writer = try SpoolFile.make(in: folder)
                let reader = try MemoryFile.reopened(writer.rawValue).release()
                guard insert(number, .spooled(reader)) else {
                    _ = Descriptor(owning: reader)
                    return .refused("the call has \(Self.limit) blobs already, or has ended")
                }
                return .file(writer.release())
            }
            guard case .spooled(let file) = file(number) else { return .refused("there is no such blob") }
            guard wish != .sealFile || sealed(number) == nil else { return .refused("it is sealed already") }
            let opened = try MemoryFile.reopened(file).release()
            if wish == .sealFile { markSealed(number) }
            return .file(opened)
        } catch {
            return .refused(error.description)
        }
    }
}

extension ActiveCall {
    /// Has a file of the spool made, opened or sealed: by this process, or by the one that it serves.
    func spool(_ wish: WorkerQuestion, _ number: UInt64) -> SpoolAnswer {
        if let ask = host.settings.askForSpool { return ask(wish, number, tag) }
        return blobs.withLock { $0.answer(wish, number, folder: host.settings.spoolFolder) }
    }

    /// Notes that a blob is in a new file of the spool.
    ///
    /// - Parameter writer: the descriptor that the plugin writes with; -1 when it does not.
    func noteSpooled(_ number: UInt64, writer: Int32) -> Bool {
        blobs.withLock { blobs in
            if case .spooled = blobs.file(number) {
                blobs.hand(writer, number)
                return true
            }
            return blobs.insert(number, .elsewhere, handed: writer)
        }
    }

    /// Moves a sealed memory file into the spool when it has become too large for memory.
    ///
    /// - Returns: nil when it stays, or is there; otherwise why it can be neither.
    func moveIfLarge(_ number: UInt64) -> String? {
        do throws(SystemError) {
            let copy: Result<Int32, SystemError>? = blobs.withLock { blobs in
                guard case .memory(let file) = blobs.file(number) else { return nil }
                return Result { () throws(SystemError) in try MemoryFile.duplicate(file).release() }
            }
            guard let copy else { return nil }
            let source = Descriptor(owning: try copy.get())
            guard try MemoryFile.size(source.rawValue) > CallBlobs.memoryLimit else { return nil }
            switch spool(.makeFile, number) {
            case .noSpool: return nil
            case .stale: return "the call is over"
            case .refused(let reason): return reason
            case .file(let descriptor):
                let writer = Descriptor(owning: descriptor)
                guard noteSpooled(number, writer: -1) else { return "the call is over" }
                try SpoolFile.append(source.rawValue, to: writer)
                return nil
            }
        } catch {
            return error.description
        }
    }
}
