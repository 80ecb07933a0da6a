import BattenPlugin

/// What inputs and outputs look like.
enum HTTPSchemas {
    static let request = Schema.object(
        [
            .required(
                "url",
                .string("Where to; http or https.", minLength: 1, examples: ["https://api.example.org/v1/items"])
                    .titled("URL")),
            .optional(
                "method",
                .string(
                    "Default: POST if there is a body, otherwise GET.", examples: ["GET", "POST", "PUT", "DELETE"]
                )
                .titled("Method")),
        ] + body + common + [
            .optional("expect", expect), .optional("paginate", paginate),
            .optional("idempotency_key", idempotencyKey),
        ], "A request.",
        examples: [
            ["url": "https://api.example.org/items", "query": ["limit": 10]],
            ["url": "https://api.example.org/items", "json": ["name": "lamp"], "auth": ["bearer": "${{ secrets.T }}"]],
        ]
    ).titled("Request")

    static let download = Schema.object(
        [
            .required(
                "url",
                .string("Where from; http or https.", minLength: 1, examples: ["https://example.org/data.csv"])
                    .titled("URL")),
            .required(
                "path",
                .string(
                    "The file to write, relative to the stage's working directory. It appears under this name only "
                        + "when it is complete.", minLength: 1, examples: ["data/today.csv"]
                ).titled("File")),
            .optional(
                "sha256",
                .string(
                    "The SHA-256 the file must have, 64 hexadecimal digits.", pattern: "^[0-9a-fA-F]{64}$"
                )
                .titled("Checksum")),
            .optional(
                "resume",
                .boolean(
                    "Whether a part that an earlier attempt left is gone on from, if the server says that the file has "
                        + "not changed.", default: true
                ).titled("Resume")),
            .optional(
                "overwrite", .boolean("Whether a file that exists is replaced.", default: true).titled("Overwrite")),
        ] + common, "A download.",
        examples: [["url": "https://example.org/data.csv", "path": "data.csv"]]
    ).titled("Download")

    private static let password: [Schema.Property] = [
        .required("username", .string("User name.")), .required("password", .string("Password.")),
    ]

    private static let authentication = Schema.object(
        [
            .optional("basic", .object(password, "User name and password.")),
            .optional("digest", .object(password, "User name and password, as a digest.")),
            .optional("bearer", .string("A token.", minLength: 1)),
            .optional("netrc", .anyOf([.boolean(), .string()], "A netrc file, or true for ~/.netrc.")),
            .optional(
                "aws_sigv4",
                .object(
                    [
                        .required("access_key", .string("Access key.")),
                        .required("secret_key", .string("Secret key.")),
                        .optional("session_token", .string("Session token.")),
                        .required("region", .string("Region.", examples: ["eu-north-1"])),
                        .required("service", .string("Service.", examples: ["s3", "execute-api"])),
                    ], "AWS Signature Version 4.")),
            .optional(
                "oauth2",
                .object(
                    [
                        .required("token_url", .string("The server's token endpoint.")),
                        .required("client_id", .string("Client id.")),
                        .optional("client_secret", .string("Client secret.")),
                        .optional("scope", .string("Scopes, with blanks between.")),
                        .optional("audience", .string("Audience, where the server wants one.")),
                        .optional(
                            "refresh_token",
                            .string("Not taken: 'batten secret login' keeps refresh tokens.")),
                        .optional(
                            "credentials_in",
                            .choice("Where client id and secret go.", of: ["header", "body"], default: "header")),
                    ], "OAuth 2. The token is kept until shortly before it ends.")),
        ], "Who asks: exactly one of these. Not sent on to another server by a redirect."
    ).titled("Authentication")

    private static let duration = Schema.string("A length of time.", examples: ["500ms", "30s", "2m"])
    private static let scalar = Schema.anything("A text, number or boolean, or a list of them.")

    private static let common: [Schema.Property] = [
        .optional(
            "headers",
            .map(of: scalar, "Header fields; a list repeats the field.", examples: [["Accept": "application/json"]])
                .titled("Headers")),
        .optional(
            "query",
            .map(
                of: scalar, "Appended to the URL's query, encoded; a list repeats the field, null leaves it out.",
                examples: [["page": 1, "tag": ["a", "b"]]]
            ).titled("Query")),
        .optional("cookies", .map(of: scalar, "Cookies by name.").titled("Cookies")),
        .optional("auth", authentication),
        .optional(
            "tls",
            .object(
                [
                    .optional("verify", .boolean("Whether certificate and name are checked.", default: true)),
                    .optional("ca", .string("A PEM file of trusted certificates in place of the system's.")),
                    .optional("certificate", .string("Our certificate, a PEM file.")),
                    .optional("key", .string("Its key, a PEM file, if not in the certificate's file.")),
                    .optional("key_password", .string("The key's password.")),
                    .optional("min_version", .choice("Least version.", of: ["1.2", "1.3"], default: "1.2")),
                ], "Trust and identity."
            ).titled("TLS")),
        .optional(
            "proxy",
            .string(
                "The proxy: http, https, socks4, socks4a, socks5 or socks5h. The host's environment is not asked.",
                examples: ["http://proxy.example:3128"]
            ).titled("Proxy")),
        .optional(
            "http_version",
            .choice(
                "auto is HTTP/2 over TLS where the server can, otherwise 1.1; 3 needs a libcurl that has it.",
                of: ["auto", "1.0", "1.1", "2", "2-prior-knowledge", "3"], default: "auto"
            ).titled("HTTP version")),
        .optional(
            "compression",
            .boolean("Whether compressed responses are asked for and unpacked.", default: true).titled("Compression")),
        .optional(
            "max_redirects",
            .integer("0 gives redirects back as responses.", minimum: 0, maximum: 100, default: 10)
                .titled("Redirects")),
        .optional(
            "max_response_bytes",
            .integer("The most bytes of body taken, after unpacking; a download has no limit unless given.", minimum: 0)
                .titled("Response limit")),
        .optional(
            "timeouts",
            .object(
                [
                    .optional("connect", duration.with("default", "30s")), .optional("total", duration),
                    .optional("idle", duration),
                ], "connect: until the connection stands; total: the whole; idle: without a byte, in whole seconds."
            )
            .titled("Time limits")),
    ]

    private static let body: [Schema.Property] = [
        .optional("json", .anything("Sent as application/json.", examples: [["name": "lamp"]]).titled("JSON body")),
        .optional(
            "body",
            .anything("A text is sent as it is; an object or a list is sent as JSON.", examples: ["hello"])
                .titled("Body")),
        .optional(
            "form",
            .map(of: scalar, "Sent like an HTML form.", examples: [["name": "lamp", "size": 3]]).titled("Form body")),
        .optional(
            "multipart",
            .list(
                of: .object([
                    .required("name", .string("The field's name.")),
                    .optional("value", .anything("A text, or a value sent as JSON.")),
                    .optional("file", .string("A file to send, in place of value.")),
                    .optional("filename", .string("The name the server is told.")),
                    .optional("content_type", .string("The part's media type.")),
                ]), "Sent as multipart/form-data."
            ).titled("Multipart body")),
        .optional("body_file", .string("A file to send, read while it is sent.").titled("Body from a file")),
    ]

    private static let expect = Schema.object(
        [
            .optional(
                "status",
                .anything(
                    "Statuses that count as success: one, or a list of statuses and ranges.",
                    examples: [[200, 404], "2xx", ["200-204", 304]])),
            .optional(
                "schema",
                .anything(
                    "A JSON Schema (2020-12) that the body's JSON must fit.",
                    examples: [["type": "object", "required": ["id"]]])),
        ], "What counts as success. Without it: every status below 400."
    ).titled("Expectation")

    private static let paginate = Schema.object(
        [
            .required(
                "by",
                .choice(
                    "link follows the Link header's next; cursor takes a field of the page.", of: ["link", "cursor"])),
            .optional("field", .string("Where in a page the cursor stands.", examples: ["meta.next_cursor"])),
            .optional("parameter", .string("The query field that carries it.", examples: ["cursor"])),
            .optional("items", .string("Where in a page the items stand; default: the page is the list.")),
            .optional("max_pages", .integer("The most pages fetched.", minimum: 1, maximum: 1000, default: 10)),
        ], "Fetches page after page; the output json is the list of all items."
    ).titled("Pages")

    private static let idempotencyKey = Schema.anyOf(
        [.boolean(), .string()],
        "The header Idempotency-Key of methods that change something: true (default) sends the key of this stage, which "
            + "is the same for all its attempts; false sends none; a text is sent as it is."
    ).titled("Idempotency key")

    static let upload = Schema.object(
        [
            .required(
                "url",
                .string("Where to; http or https.", minLength: 1, examples: ["https://example.org/in/report.pdf"])
                    .titled("URL")),
            .optional(
                "method",
                .string("Default: PUT for file, POST for files.", examples: ["PUT", "POST"]).titled("Method")),
            .optional(
                "file",
                .string(
                    "A file sent as the body, relative to the stage's working directory.", minLength: 1,
                    examples: ["out/report.pdf"]
                ).titled("File")),
            .optional(
                "content_type",
                .string("The media type of file.", examples: ["application/pdf"], default: "application/octet-stream")
                    .titled("Media type")),
            .optional(
                "files",
                .list(
                    of: .object([
                        .required("name", .string("The field's name.", minLength: 1)),
                        .required("path", .string("The file.", minLength: 1)),
                        .optional("filename", .string("The name the server is told; default: the file's own.")),
                        .optional("content_type", .string("The part's media type.")),
                    ]), "Files sent as multipart/form-data.", minItems: 1, maxItems: 1000
                ).titled("Files")),
            .optional("fields", .map(of: scalar, "Further fields of the form, before the files.").titled("Fields")),
            .optional(
                "sha256",
                .string(
                    "The SHA-256 that file must have before anything is sent.", pattern: "^[0-9a-fA-F]{64}$"
                ).titled("Checksum")),
            .optional(
                "digest",
                .boolean(
                    "Whether the checksum of file is sent as Content-Digest (RFC 9530), for the server to check.",
                    default: false
                ).titled("Send the checksum")),
            .optional(
                "max_bytes",
                .integer("The most bytes of all files; no limit unless given.", minimum: 0).titled("Size limit")),
        ] + common + [.optional("expect", expect), .optional("idempotency_key", idempotencyKey)],
        "An upload: exactly one of file and files.",
        examples: [
            ["url": "https://example.org/in/report.pdf", "file": "report.pdf", "content_type": "application/pdf"],
            ["url": "https://example.org/form", "files": [["name": "report", "path": "report.pdf"]]],
        ]
    ).titled("Upload")

    private static let headers = Schema.map(
        of: .anything(), "By lower case name; set-cookie is a list.", examples: [["content-type": "application/json"]]
    ).titled("Headers").volatile()

    private static let responseFields: [Schema.Property] = [
        .required("status", .integer("Status code.", examples: [200]).titled("Status")),
        .required("headers", headers),
        .required(
            "body",
            Schema.string("The body, if it is UTF-8; otherwise null, see body_base64.").nullable()
                .titled("Body")),
        .required("json", .anything("The body's value if it is JSON, otherwise null.").titled("JSON")),
        .optional("body_base64", .string("The body if it is not UTF-8.").titled("Body in base 64")),
        .required("bytes", .integer("Length of the body, after unpacking.").titled("Bytes")),
        .required("elapsed_ms", Schema.number("Milliseconds from start to end.").titled("Elapsed").volatile()),
        .required("url", .string("Where the response came from, after redirects.").titled("URL")),
        .required("http_version", .string("The version spoken.", examples: ["1.1", "2"]).titled("HTTP version")),
        .required("redirects", .integer("How many were followed.").titled("Redirects")),
    ]

    static let response = Schema.object(
        responseFields + [
            .optional("pages", .integer("How many pages were fetched.").titled("Pages")),
            .optional("more_pages", .boolean("Whether max_pages left some.").titled("More pages")),
        ]
    ).titled("Response")

    static let uploaded = Schema.object(
        responseFields + [
            .required("sent_bytes", .integer("The size of all files.").titled("Bytes sent")),
            .required(
                "files",
                .list(
                    of: .object([
                        .required("path", .string("Absolute path.")), .required("bytes", .integer("Its size.")),
                        .required("sha256", .string("SHA-256 in hexadecimal digits.")),
                    ])
                ).titled("Files")),
        ]
    ).titled("Response to an upload")

    static let downloaded = Schema.object([
        .required("path", .string("The file's absolute path.").titled("File")),
        .required("status", .integer("Status code: 200, or 206 when it went on from a part.").titled("Status")),
        .required("headers", headers),
        .required("bytes", .integer("The file's size.").titled("Bytes")),
        .required(
            "resumed_from", .integer("How many bytes were there from an earlier attempt.").titled("Resumed from")),
        .required("sha256", .string("The file's SHA-256 in hexadecimal digits.").titled("Checksum")),
        .required("elapsed_ms", Schema.number("Milliseconds from start to end.").titled("Elapsed").volatile()),
        .required("url", .string("Where it came from, after redirects.").titled("URL")),
    ]).titled("Downloaded file")
}
