/// Writes completion scripts from the command table.
struct CompletionScript {
    /// Shells there are scripts for.
    enum Shell: String, Sendable, CaseIterable {
        case bash, zsh, fish
    }

    let commands: [CommandDescription]

    /// The script of a shell.
    func render(_ shell: Shell) -> String {
        switch shell {
        case .bash: bash()
        case .zsh: zsh()
        case .fish: fish()
        }
    }

    /// First words of all commands, each once, in the table's order.
    private var firstWords: [String] {
        var words: [String] = []
        for word in commands.compactMap(\.path.first) where !words.contains(word) { words.append(word) }
        return words
    }

    /// Families: first words with a second one, and what that can be.
    private var families: [(name: String, verbs: [CommandDescription])] {
        firstWords.compactMap { word in
            let verbs = commands.filter { $0.path.first == word && $0.path.count > 1 }
            return verbs.isEmpty ? nil : (word, verbs)
        }
    }

    // MARK: bash

    private func bash() -> String {
        var text = """
            # bash completion for batten; load it with: source <(batten completions bash)
            _batten() {
                local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
                COMPREPLY=()
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case ${COMP_WORDS[i]} in
                        -*) ;;
                        *) command="${command:+$command }${COMP_WORDS[i]}"
                           case "$command" in \(families.map(\.name).joined(separator: "|"))) ;; *) break ;; esac ;;
                    esac
                done
                case "$command:$before" in

            """
        for command in commands {
            for option in command.allOptions {
                guard case .choice(let names) = option.kind else { continue }
                text += "        \"\(command.name):--\(option.name)\") "
                text += "COMPREPLY=($(compgen -W \"\(names.joined(separator: " "))\" -- \"$word\")); return ;;\n"
            }
        }
        for option in Self.pathOptions(commands) {
            let kind = option.kind == .folder ? "-d" : "-f"
            text += "        *:--\(option.name)) COMPREPLY=($(compgen \(kind) -- \"$word\")); return ;;\n"
        }
        text += "    esac\n    case \"$command\" in\n"
        text += "        '') COMPREPLY=($(compgen -W \"\(firstWords.joined(separator: " "))\" -- \"$word\")) ;;\n"
        for family in families {
            let verbs = family.verbs.map { $0.path[1] }.joined(separator: " ")
            text += "        '\(family.name)') COMPREPLY=($(compgen -W \"\(verbs)\" -- \"$word\")) ;;\n"
        }
        for command in commands {
            let options = command.allOptions.map { "--\($0.name)" }.joined(separator: " ")
            text += "        '\(command.name)')\n            if [[ $word == -* ]]; then "
            text += "COMPREPLY=($(compgen -W \"\(options)\" -- \"$word\"))\n"
            text += "            else \(bashArguments(command)); fi ;;\n"
        }
        return text + "    esac\n}\ncomplete -o filenames -F _batten batten\n"
    }

    private func bashArguments(_ command: CommandDescription) -> String {
        for argument in command.arguments {
            switch argument.kind {
            case .choice(let names):
                return "COMPREPLY=($(compgen -W \"\(names.joined(separator: " "))\" -- \"$word\"))"
            case .file: return "COMPREPLY=($(compgen -f -- \"$word\"))"
            case .folder: return "COMPREPLY=($(compgen -d -- \"$word\"))"
            default: continue
            }
        }
        return "COMPREPLY=()"
    }

    private static func pathOptions(_ commands: [CommandDescription]) -> [OptionDescription] {
        var found: [OptionDescription] = []
        for option in commands.flatMap(\.allOptions) where option.kind == .file || option.kind == .folder {
            if !found.contains(where: { $0.name == option.name }) { found.append(option) }
        }
        return found
    }

    // MARK: zsh

    private func zsh() -> String {
        var text =
            "#compdef batten\n# zsh completion for batten; load it with: source <(batten completions zsh)\n_batten() {\n"
        text += "    local -a words_left; local command=\"${words[2]}\"\n"
        text += "    if (( CURRENT == 2 )); then\n        local -a commands=(\n"
        for word in firstWords {
            let summary =
                commands.first { $0.path == [word] }?.summary
                ?? families.first { $0.name == word }.map { family in
                    family.verbs.map { $0.path[1] }.joined(separator: ", ")
                } ?? ""
            text += "            \(quote("\(word):\(summary)"))\n"
        }
        text += "        )\n        _describe command commands\n        return\n    fi\n    case \"$command\" in\n"
        for family in families {
            text +=
                "        \(family.name))\n            if (( CURRENT == 3 )); then\n                local -a verbs=(\n"
            for verb in family.verbs { text += "                    \(quote("\(verb.path[1]):\(verb.summary)"))\n" }
            text +=
                "                )\n                _describe command verbs\n                return\n            fi\n"
            text += "            case \"${words[3]}\" in\n"
            for verb in family.verbs {
                text += "                \(verb.path[1])) _arguments \(zshSpecs(verb)) ;;\n"
            }
            text += "            esac ;;\n"
        }
        for command in commands where command.path.count == 1 {
            text += "        \(command.name)) _arguments \(zshSpecs(command)) ;;\n"
        }
        text += "    esac\n}\nif [ \"$funcstack[1]\" = _batten ]; then _batten; else compdef _batten batten; fi\n"
        return text
    }

    private func zshSpecs(_ command: CommandDescription) -> String {
        var specs = command.allOptions.map { option in
            let star = option.isRepeated ? "*" : ""
            let value = option.value.map { ":\($0):\(Self.zshAction(option.kind))" } ?? ""
            return quote("\(star)--\(option.name)[\(option.help)]\(value)")
        }
        for argument in command.arguments {
            let isMany = argument.arity == .any || argument.arity == .oneOrMore
            specs.append(quote("\(isMany ? "*" : ""):\(argument.name):\(Self.zshAction(argument.kind))"))
        }
        return specs.joined(separator: " ")
    }

    private static func zshAction(_ kind: ValueKind) -> String {
        switch kind {
        case .choice(let names): "(\(names.joined(separator: " ")))"
        case .file: "_files"
        case .folder: "_files -/"
        default: " "
        }
    }

    // MARK: fish

    private func fish() -> String {
        var text = "# fish completion for batten; load it with: batten completions fish | source\n"
        text += "complete -c batten -f\n"
        for word in firstWords {
            let summary = commands.first { $0.path == [word] }?.summary ?? "commands for \(word)"
            text += "complete -c batten -n __fish_use_subcommand -a \(word) -d \(quote(summary))\n"
        }
        for family in families {
            let verbs = family.verbs.map { $0.path[1] }
            let without =
                "__fish_seen_subcommand_from \(family.name); "
                + "and not __fish_seen_subcommand_from \(verbs.joined(separator: " "))"
            for verb in family.verbs {
                text += "complete -c batten -n \(quote(without)) -a \(verb.path[1]) -d \(quote(verb.summary))\n"
            }
        }
        for command in commands {
            let seen = command.path.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
            for option in command.allOptions {
                var line = "complete -c batten -n \(quote(seen)) -l \(option.name)"
                if let short = option.short { line += " -s \(short)" }
                line += " -d \(quote(option.help))"
                switch option.kind {
                case .choice(let names): line += " -x -a \(quote(names.joined(separator: " ")))"
                case .file, .folder: line += " -r -F"
                default: if option.value != nil { line += " -x" }
                }
                text += line + "\n"
            }
            for argument in command.arguments {
                switch argument.kind {
                case .choice(let names):
                    text += "complete -c batten -n \(quote(seen)) -a \(quote(names.joined(separator: " ")))\n"
                case .file, .folder: text += "complete -c batten -n \(quote(seen)) -F\n"
                default: break
                }
            }
        }
        return text
    }

    /// A word in single quotes, as all three shells read it.
    private func quote(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
