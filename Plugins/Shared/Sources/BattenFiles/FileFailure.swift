public import BattenPlugin
import CFiles

/// Failures of file work, with what to do about them.
public enum FileFailure {
    /// Says what could not be done with a file, and why.
    ///
    /// - Parameters:
    ///   - verb: such as `read`; also the second word of the code.
    ///   - number: an error number, its sign is ignored.
    public static func make(_ verb: String, _ path: String, _ number: Int32, effect: Failure.Effect = .none) -> Failure
    {
        let number = number < 0 ? 0 &- number : number
        let word = verb.split(separator: " ").first.map(String.init) ?? "use"
        let text = String(cString: cfiles_error(number)).lowercased()
        let start = "cannot \(verb) '\(path)': "
        let details: JSONObject = ["path": .string(path), "errno": .integer(Int64(number))]
        func fail(_ kind: Failure.Class, _ code: String, _ advice: String = "") -> Failure {
            Failure(kind, code: code, start + text + advice, effect: effect, details: details)
        }
        func outside(_ reason: String) -> Failure {
            Failure(.permanent, code: "file.outside", start + reason, effect: effect, details: details)
        }
        return switch number {
        case noEntry: fail(.failed, "file.missing")
        case crossesRoot: outside("a symbolic link on the way leads out of the folder that files may be used in")
        case tooManyLinks: outside("the way holds a symbolic link that may not be followed")
        case exists: fail(.failed, "file.exists")
        case isFolder: fail(.failed, "file.kind", "; the path must name a file")
        case notFolder: fail(.failed, "file.kind", "; a part of the path is no folder")
        case noAccess, notPermitted, readOnly: fail(.permanent, "file.denied")
        case noSpace, overQuota: fail(.failed, "file.space", "; free some space and run the stage again")
        case tooManyFiles, tooManyFilesHere, busy, inputOutput, again: fail(.retry, "file.\(word)")
        default: fail(.failed, "file.\(word)")
        }
    }

    /// A file is larger than a limit.
    public static func tooLarge(_ path: String, limit: Int64) -> Failure {
        Failure(
            .failed, code: "file.size",
            "'\(path)' is larger than the \(limit) bytes allowed; raise max_bytes if that is meant", effect: .none,
            details: ["path": .string(path), "max_bytes": .integer(limit)])
    }

    /// Something other than a regular file stands under a path.
    public static func notRegular(_ path: String, _ kind: FileHandle.Kind) -> Failure {
        let what = kind == .folder ? "a folder" : "neither a file nor a folder"
        return Failure(
            .failed, code: "file.kind", "'\(path)' is \(what); the path must name a regular file", effect: .none,
            details: ["path": .string(path)])
    }

    static let noEntry: Int32 = 2
    static let notPermitted: Int32 = 1
    static let inputOutput: Int32 = 5
    static let again: Int32 = 11
    static let noAccess: Int32 = 13
    static let busy: Int32 = 16
    static let exists: Int32 = 17
    static let crossesRoot: Int32 = 18
    static let notFolder: Int32 = 20
    static let isFolder: Int32 = 21
    static let tooManyFilesHere: Int32 = 23
    static let tooManyFiles: Int32 = 24
    static let noSpace: Int32 = 28
    static let readOnly: Int32 = 30
    static let tooManyLinks: Int32 = 40
    static let overQuota: Int32 = 122
}
