import BattenPlugin
import CDesktop
import Glibc

/// Shows a notification on the desktop of the user in whose session the engine runs.
struct DesktopExecutor: BlockingExecutor {
    typealias Owner = NotifyPlugin

    struct Input: Decodable {
        var summary: String
        var body: String?
        var icon: String?
        var application: String?
        var urgency: String?
        var expires: JSON?
    }

    struct Output: Encodable {
        var id: Int64
    }

    static let type = "notify.desktop"
    static let title = "Desktop notification"
    static let summary = "Shows a notification on the desktop of the user whose session the engine runs in, over D-Bus."
    static let inputSchema = NotifySchemas.desktop
    static let outputSchema = NotifySchemas.shown

    /// How long the desktop may take to answer, in microseconds.
    private static let patience: UInt64 = 10_000_000

    init(config: JSON, plugin: NotifyPlugin) throws {}

    func run(_ input: Input, context: Context) throws -> Output {
        for (field, text) in [("summary", input.summary), ("body", input.body ?? ""), ("icon", input.icon ?? "")]
        where text.utf8.contains(0) {
            throw Failure.badInput(field: field, "holds a zero byte, which no text of D-Bus may")
        }
        let urgency: UInt8 =
            switch input.urgency ?? "normal" {
            case "low": 0
            case "critical": 2
            default: 1
            }
        let answer = Self.notify(input, urgency: urgency, expire: try Self.expire(input.expires))
        guard answer.error == 0 else { throw Self.failure(answer) }
        return Output(id: Int64(answer.id))
    }

    private static func notify(_ input: Input, urgency: UInt8, expire: Int32) -> desktop_answer {
        var answer = desktop_answer()
        (input.application ?? "Batten").withCString { application in
            (input.icon ?? "").withCString { icon in
                input.summary.withCString { summary in
                    (input.body ?? "").withCString { body in
                        var wanted = desktop_notification()
                        wanted.application = application
                        wanted.icon = icon
                        wanted.summary = summary
                        wanted.body = body
                        wanted.urgency = urgency
                        wanted.expire = expire
                        wanted.patience = patience
                        desktop_notify(&wanted, &answer)
                    }
                }
            }
        }
        return answer
    }

    private static func expire(_ written: JSON?) throws -> Int32 {
        guard let written, !written.isNull else { return -1 }
        guard let text = written.string, let nanoseconds = DurationText.parse(text), nanoseconds >= 0 else {
            throw Failure.badInput(field: "expires", "is \(written.text); must be a length of time such as 10s")
        }
        return Int32(clamping: nanoseconds / 1_000_000)
    }

    private static func failure(_ answer: desktop_answer) -> Failure {
        var answer = answer
        let name = withUnsafeBytes(of: &answer.name) { text(of: $0) }
        let message = withUnsafeBytes(of: &answer.message) { text(of: $0) }
        if answer.sent == 0 {
            let why =
                answer.error == ENOSYS ? "libsystemd is not installed" : String(cString: strerror(answer.error))
            return Failure(
                .permanent, code: "desktop.no_session",
                "no session of a desktop can be reached: \(why). The engine must run in the user's session, with "
                    + "DBUS_SESSION_BUS_ADDRESS or XDG_RUNTIME_DIR set", effect: .none)
        }
        // Nobody shows notifications: none was shown.
        let isAbsent = ["ServiceUnknown", "NameHasNoOwner", "UnknownMethod", "UnknownObject", "UnknownInterface"]
            .contains { name.hasSuffix(".\($0)") }
        if isAbsent {
            return Failure(
                .permanent, code: "desktop.nobody", "nobody shows notifications in this session: \(message)",
                effect: .none)
        }
        return Failure(
            .retry, code: "desktop.failed",
            message.isEmpty ? String(cString: strerror(answer.error)) : message, effect: .unknown)
    }

    private static func text(of bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
