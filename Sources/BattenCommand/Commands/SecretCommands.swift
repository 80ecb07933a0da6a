import BattenCore
import BattenStore
import BattenSystem

/// `batten secret set`, `list`, `remove` and `rotate-key`.
enum SecretCommands {
    /// Bytes below which a value is found in other words by chance.
    private static let shortLength = 8
    /// Bytes that a value may have.
    private static let longestValue = 64 << 10

    static let set = CommandDescription(
        "secret set", .operating, "keep a secret, encrypted",
        details: [
            """
            The value comes from a prompt without echo, from standard input or from a file, never from the command \
            line, where others see it; one line end at its end is left out. It is sealed with AES-256-GCM under the key \
            in secret.key in the folder of the user's configuration, which is made at the first use, or under \
            BATTEN_KEY. Running engines use a new value from their next call on.
            """,
            """
            Values are masked wherever a run shows or keeps them. One of fewer than 8 bytes would hide parts of \
            ordinary words, and is taken only with --short.
            """,
        ],
        arguments: [ArgumentDescription("NAME", .required, "letters, digits and _, not beginning with a digit")],
        options: [
            .value("file", "FILE", .file, standard: "standard input", "a file that holds the value"),
            .flag("short", "take a value of fewer than 8 bytes"),
        ],
        examples: [
            CommandExample("batten secret set OPENAI_API_KEY", "asks for the value"),
            CommandExample("pass show mail | batten secret set SMTP_PASSWORD", "takes it from another program"),
        ],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            let name = try checked(invocation.argument("NAME") ?? "")
            let value = try value(of: name, context)
            let isShort = value.count < shortLength
            if isShort && !invocation.has("short") {
                throw .usage(
                    "short_secret",
                    "the value of \(name) has only \(value.count) bytes: masking it would hide other words too",
                    help: "use a longer one, or give --short")
            }
            let store = try context.openStore()
            let ring = context.secretKeys()
            let key = try ring.withLock { () throws(CommandFailure) in
                let key = try ring.sealing()
                let nonce = Entropy.bytes(SecretKey.nonceLength)
                let secret = StoredSecret(
                    name: name, nonce: nonce, ciphertext: key.seal(value, name: name, nonce: nonce), keyID: key.id,
                    isShort: isShort, createdAt: context.now, updatedAt: context.now)
                try orFailure { () throws(StoreError) in try store.keep(secret) }
                return key
            }
            say("\(name) is kept", ["secret": .string(name), "key": .string(key.id)], context)
            if try context.secretVault().isFromEnvironment(name) {
                context.console.note("\(HostEnvironment.secretPrefix)\(name) is set here and comes before it")
            }
            return .done
        })

    static let list = CommandDescription(
        "secret list", .operating, "list the names of kept secrets",
        examples: [CommandExample("batten secret list", "shows names, never values")],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            var secrets: [StoredSecret] = []
            if let reader = try context.openReader() {
                secrets = try orFailure { () throws(StoreError) in
                    try reader.secrets().filter { !StoredOutputKeys.isOne($0.name) }
                }
            }
            let vault = try context.secretVault()
            if invocation.format.isData {
                context.console.data(
                    .object(["items": .array(secrets.map { json($0, vault) }), "next_cursor": .null]),
                    invocation.format)
                return .done
            }
            guard !secrets.isEmpty else {
                context.console.note("no secret is kept; `batten secret set NAME` keeps one")
                return .done
            }
            var table = TextTable([.flexible("NAME", least: 12), .fixed("SET"), .fixed("STATE")])
            for secret in secrets {
                table.add([secret.name, TimeText.relative(secret.updatedAt, now: context.now), state(secret, vault)])
            }
            context.console.write(table.render(context.console.output))
            // The reason stands below the table, which is worth seeing without it.
            do throws(CommandFailure) {
                _ = try context.secretKeys().load()
            } catch {
                context.console.alert(error.help.isEmpty ? error.message : "\(error.message): \(error.help)")
            }
            return .done
        })

    static let remove = CommandDescription(
        "secret remove", .operating, "forget a secret",
        details: ["Runs that need it stand still as blocked at their next call, until it is set again."],
        arguments: [ArgumentDescription("NAME", .required, "name of a kept secret")],
        examples: [CommandExample("batten secret remove OPENAI_API_KEY", "forgets the key")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let name = invocation.argument("NAME") ?? ""
            let store = try context.openStore()
            let isKey = StoredOutputKeys.isOne(name)
            guard !isKey, try orFailure({ () throws(StoreError) in try store.removeSecret(name) }) else {
                let names = try context.openReader().map { reader throws(CommandFailure) in
                    try orFailure { () throws(StoreError) in
                        try reader.secrets().map(\.name).filter { !StoredOutputKeys.isOne($0) }
                    }
                }
                let near = DidYouMean.help(for: name, in: names ?? [])
                throw .notFound(
                    "no_such_secret", "no secret '\(name)' is kept",
                    help: near.isEmpty ? "`batten secret list` shows them" : near)
            }
            say("\(name) is forgotten", ["secret": .string(name)], context)
            return .done
        })

    static let rotateKey = CommandDescription(
        "secret rotate-key", .operating, "seal all secrets anew, under a new key",
        details: [
            """
            The old key stays in the key file until everything is sealed anew, so that running engines never miss a \
            secret, and a command that is killed in between can simply be given again. With BATTEN_KEY the file is \
            written first, under its own new key: unset the variable afterwards.
            """
        ],
        examples: [CommandExample("batten secret rotate-key", "after somebody may have seen the key")],
        exits: [.store],
        body: { context, _ throws(CommandFailure) in
            let ring = context.secretKeys()
            let store = try context.openStore()
            let (key, count) = try ring.withLock { () throws(CommandFailure) in try rotate(ring, store) }
            let noun = count == 1 ? "secret is" : "secrets are"
            say(
                "\(count) \(noun) sealed under a new key",
                ["secrets": .int(Int64(count)), "key": .string(key.id)], context)
            if ring.isFromEnvironment {
                context.console.note("the new key is in \(ring.path): unset \(SecretKeyRing.variable)")
            }
            return .done
        })

    // MARK: Parts

    /// Seals everything under a new key, which every reader knows before and the old ones only until then.
    private static func rotate(
        _ ring: SecretKeyRing, _ store: SQLiteStore
    ) throws(CommandFailure) -> (key: SecretKey, count: Int) {
        let filed = try ring.withoutEnvironment.load()
        let old = ring.isFromEnvironment ? try ring.load() + filed : filed
        let key = SecretKeyRing.fresh()
        try ring.write([key] + old)
        var unopened = ""
        var keys = 0
        let count = try orFailure { () throws(StoreError) in
            try store.replaceSecrets { secret in
                let opener = old.first { $0.id == secret.keyID }
                let isKey = StoredOutputKeys.isOne(secret.name)
                if isKey { keys += 1 }
                // Nobody can set such a key again, and what was sealed under it is lost already.
                if isKey, opener == nil { return secret }
                guard let value = opener?.open(secret.ciphertext, name: secret.name, nonce: secret.nonce) else {
                    unopened = secret.name
                    return nil
                }
                var changed = secret
                changed.nonce = Entropy.bytes(SecretKey.nonceLength)
                changed.ciphertext = key.seal(value, name: secret.name, nonce: changed.nonce)
                changed.keyID = key.id
                return changed
            }
        }
        guard let count else {
            if filed.isEmpty { ring.remove() } else { try ring.write(filed) }
            throw CommandFailure(
                "secret_unreadable", "the secret '\(unopened)' cannot be opened, so nothing was changed",
                help: "put its key back, or set or remove the secret", exit: .usage)
        }
        try ring.write([key])
        return (key, count - keys)
    }

    static func checked(_ name: String) throws(CommandFailure) -> String {
        let letters = Array(name.utf8)
        let isName = letters.allSatisfy { letter in
            (0x30...0x39).contains(letter) || (0x61...0x7A).contains(letter | 0x20) || letter == UInt8(ascii: "_")
        }
        guard isName, let first = letters.first, !(0x30...0x39).contains(first), letters.count <= 128 else {
            throw .usage(
                "bad_name", "'\(name)' is not a name of a secret",
                help: "write letters, digits and _, not beginning with a digit")
        }
        return name
    }

    private static func value(of name: String, _ context: CommandContext) throws(CommandFailure) -> [UInt8] {
        var value: [UInt8]
        do throws(SystemError) {
            if let file = context.invocation.value("file") {
                value = try FileSystem.read(context.absolute(file))
            } else if StandardStream.input.isTerminal {
                context.console.flush()
                context.console.rawErrors("value of \(name): ")
                value = try StandardStream.input.readHiddenLine()
                context.console.rawErrors("\n")
            } else {
                value = try StandardStream.input.readToEnd(limit: longestValue + 2)
            }
        } catch {
            throw .usage("unreadable_value", "the value of \(name) cannot be read: \(error.description)")
        }
        if value.last == UInt8(ascii: "\n") { value.removeLast() }
        if value.last == UInt8(ascii: "\r") { value.removeLast() }
        guard !value.isEmpty else { throw .usage("empty_secret", "the value of \(name) is empty") }
        guard value.count <= longestValue else {
            throw .usage("long_secret", "the value of \(name) is longer than 64 KiB")
        }
        guard String(validating: value, as: UTF8.self) != nil, !value.contains(0) else {
            throw .usage(
                "binary_secret", "the value of \(name) is not text in UTF-8",
                help: "encode it first, for example: base64")
        }
        return value
    }

    private static func say(_ text: String, _ data: JSONObject, _ context: CommandContext) {
        if context.invocation.format.isData {
            context.console.data(.object(data), context.invocation.format)
        } else {
            context.console.line(text)
        }
    }

    private static func state(_ secret: StoredSecret, _ vault: SecretVault) -> String {
        switch vault.trouble(secret.name) {
        case nil:
            vault.isFromEnvironment(secret.name)
                ? "from the environment"
                : vault.grant(secret.name) != nil ? "a login" : secret.isShort ? "short" : "ok"
        case .keyUnusable: "the key file cannot be used"
        case .keyMissing(let id): "its key \(id) is not here"
        case .damaged, .missing: "damaged"
        }
    }

    private static func json(_ secret: StoredSecret, _ vault: SecretVault) -> JSONValue {
        .object([
            "name": .string(secret.name), "created_at": .string(secret.createdAt.rfc3339),
            "updated_at": .string(secret.updatedAt.rfc3339), "key": .string(secret.keyID),
            "short": .bool(secret.isShort), "readable": .bool(vault.trouble(secret.name) == nil),
            "from_environment": .bool(vault.isFromEnvironment(secret.name)),
            "login": .bool(vault.grant(secret.name) != nil),
        ])
    }
}
