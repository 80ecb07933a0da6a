import BattenCore
import BattenSystem
import Synchronization

/// The prices of models from a file, read when the first one is asked for.
final class PriceFiles: PriceList {
    /// The file that is read; nil when there is none.
    let path: String?
    private let tell: @Sendable (String) -> Void
    private let state = Mutex(State.unread)

    private enum State {
        case unread
        case read(PriceMap)
        case unusable
    }

    /// Prices of a file.
    ///
    /// - Parameter tell: called once when the file cannot be used, with why.
    init(path: String?, tell: @escaping @Sendable (String) -> Void) {
        self.path = path
        self.tell = tell
    }

    /// Finds the file: the one that the settings name, else the user's own, else the one that came with the program.
    static func path(settings: Settings, executable: String) -> String? {
        if let named = settings.prices { return named }
        let own = PathText.join(settings.userData, "prices.json")
        return FileSystem.exists(own) ? own : BundledFolder.prices(executable: executable)
    }

    /// Reads a file of prices.
    ///
    /// - Throws: `prices`, exit code 2, with what is wrong with it.
    static func read(_ path: String) throws(CommandFailure) -> PriceMap {
        func failure(_ why: String) -> CommandFailure {
            .usage(
                "prices", "the prices in \(path) cannot be used: \(why)",
                help: "costs stay unknown until the file is mended or replaced; its form is in docs/prices.md")
        }
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try FileSystem.read(path) } catch {
            throw failure(error.description)
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONReader.parse(bytes) } catch {
            let line = 1 + bytes.prefix(error.offset).count { $0 == UInt8(ascii: "\n") }
            throw failure("line \(line) is not valid JSON: \(error.message)")
        }
        do throws(PriceError) { return try PriceMap(value) } catch { throw failure(error.message) }
    }

    func price(of subject: String) -> ModelPrice? {
        let (price, trouble) = state.withLock { state -> (ModelPrice?, CommandFailure?) in
            if case .unread = state {
                guard let path else {
                    state = .unusable
                    return (nil, nil)
                }
                do throws(CommandFailure) { state = .read(try Self.read(path)) } catch {
                    state = .unusable
                    return (nil, error)
                }
            }
            guard case .read(let map) = state else { return (nil, nil) }
            return (map.price(of: subject), nil)
        }
        if let trouble { tell("warning: \(trouble.message)") }
        return price
    }
}
