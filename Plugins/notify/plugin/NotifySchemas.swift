import BattenPlugin

/// What inputs and outputs look like.
enum NotifySchemas {
    private static let timeLimit = Schema.Property.optional(
        "time_limit", .string("For the whole exchange.", examples: ["10s"]).titled("Time limit"))
    private static let elapsed = Schema.Property.required(
        "elapsed_ms", Schema.number("Milliseconds from start to end.").titled("Elapsed").volatile())

    static let webhook = Schema.object(
        [
            .required(
                "url",
                .string("Where to; http or https.", minLength: 1, examples: ["https://example.org/hooks/batten"])
                    .titled("URL")),
            .optional("body", .anything("Sent as JSON; default: {}.", examples: [["text": "done"]]).titled("Body")),
            .optional("headers", .map(of: .string(), "Further headers.").titled("Headers")),
            .optional(
                "secret",
                .string("Signs the body; the receiver has it too.", examples: ["${{ secrets.HOOK_SECRET }}"])
                    .titled("Secret")),
            timeLimit,
        ], "A webhook.", examples: [["url": "https://example.org/hook", "body": ["text": "done"]]]
    ).titled("Webhook")

    static let posted = Schema.object([
        .required("status", .integer("Status code.", examples: [200]).titled("Status")),
        .required("url", .string("Where it was posted to.").titled("URL")),
        .required("body", Schema.string("What the receiver answered.").nullable().titled("Answer")),
        elapsed,
    ]).titled("Posted")

    static let slack = Schema.object(
        [
            .required(
                "url",
                .string(
                    "The incoming webhook's URL; whoever knows it can post.", minLength: 1,
                    examples: ["${{ secrets.SLACK_URL }}"]
                ).titled("Webhook URL")),
            .optional("text", .string("The message, or what stands for the blocks in notifications.").titled("Text")),
            .optional("blocks", .list(of: .anything(), "Blocks of Slack's Block Kit.", maxItems: 50).titled("Blocks")),
            .optional(
                "thread_ts",
                .string("The message whose thread it goes to.", examples: ["1712345678.000100"])
                    .titled("Thread")),
            .optional("username", .string("The name it is posted under, where the webhook allows it.").titled("Name")),
            .optional("icon_emoji", .string("The picture beside it.", examples: [":robot_face:"]).titled("Icon")),
            timeLimit,
        ], "A message.", examples: [["url": "${{ secrets.SLACK_URL }}", "text": "The report is ready."]]
    ).titled("Slack message")

    static let slackPosted = Schema.object([
        .required("status", .integer("Status code.", examples: [200]).titled("Status")), elapsed,
    ]).titled("Posted")

    private static let addresses = Schema.anyOf([.string(), .list(of: .string())], "An address, or a list of them.")

    static let email = Schema.object(
        [
            .required(
                "server",
                .string(
                    "smtp://host:587, or smtps://host:465 for TLS from the first byte.", minLength: 1,
                    examples: ["smtp://mail.example.org:587"]
                ).titled("Server")),
            .optional("username", .string("Who hands the mail in.").titled("User name")),
            .optional(
                "password", .string("Their password.", examples: ["${{ secrets.MAIL_PASSWORD }}"]).titled("Password")),
            .optional(
                "starttls",
                .choice(
                    "Whether smtp:// must be encrypted; default: required, and auto for a server on this machine.",
                    of: ["required", "auto", "never"]
                ).titled("STARTTLS")),
            .optional(
                "tls",
                .object([
                    .optional("verify", .boolean("Whether certificate and name are checked.", default: true)),
                    .optional("ca", .string("A PEM file of trusted certificates in place of the system's.")),
                ]).titled("TLS")),
            .required(
                "from",
                .string("Who it is from.", minLength: 1, examples: ["Batten <batten@example.org>"]).titled("From")),
            .optional("to", addresses.titled("To")),
            .optional("cc", addresses.titled("Copies")),
            .optional("bcc", addresses.titled("Hidden copies")),
            .optional("reply_to", addresses.titled("Answers to")),
            .optional("subject", .string("In one line.", examples: ["Report of today"]).titled("Subject")),
            .optional("text", .string("The text for readers without HTML.").titled("Text")),
            .optional("html", .string("The text as HTML.").titled("HTML")),
            .optional("headers", .map(of: .string(), "Further headers.").titled("Headers")),
            .optional(
                "attachments",
                .list(
                    of: .object([
                        .optional("filename", .string("The name the receiver sees; default: the file's.")),
                        .optional("content_type", .string("The media type.", examples: ["text/csv"])),
                        .optional("path", .string("A file, relative to the stage's working directory.")),
                        .optional("text", .string("Text, in place of a file.")),
                        .optional("base64", .string("Bytes in base 64, in place of a file.")),
                    ]), "At most 25 MiB together."
                ).titled("Attachments")),
            timeLimit,
        ], "A mail.",
        examples: [
            [
                "server": "smtp://mail.example.org:587", "from": "batten@example.org", "to": "ada@example.org",
                "subject": "Done", "text": "The report is ready.",
            ]
        ]
    ).titled("Mail")

    static let desktop = Schema.object(
        [
            .required(
                "summary", .string("The first line.", minLength: 1, examples: ["The report is ready"]).titled("Summary")
            ),
            .optional("body", .string("More about it; the desktop may understand some marks.").titled("Body")),
            .optional(
                "icon", .string("A name of the icon theme, or a file.", examples: ["dialog-warning"]).titled("Icon")),
            .optional("application", .string("Who it is from; default: Batten.").titled("Application")),
            .optional(
                "urgency",
                .choice("How urgent it is; default: normal.", of: ["low", "normal", "critical"]).titled("Urgency")),
            .optional("expires", .string("When it goes; 0s is never.", examples: ["10s"]).titled("Expires")),
        ], "A notification.", examples: [["summary": "The report is ready"]]
    ).titled("Desktop notification")

    static let shown = Schema.object([
        .required("id", Schema.integer("The desktop's number of it.").titled("Number").volatile())
    ]).titled("Shown")

    static let mailed = Schema.object([
        .required("message_id", .string("The Message-ID, the same for all attempts.").titled("Message-ID")),
        .required("recipients", .list(of: .string(), "Who the server accepted it for.").titled("Receivers")),
        .required("bytes", Schema.integer("The message's size.").titled("Bytes").volatile()),
        .required("reply", .integer("The server's last reply code.", examples: [250]).titled("Reply")),
        elapsed,
    ]).titled("Mailed")
}
