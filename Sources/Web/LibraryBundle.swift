internal import Foundation

/// The client library in one file: the modules of `tern/` one behind the other, without their imports.
///
/// The modules share one scope in it, so no name at the top of one may be that of another; a test looks after that.
enum LibraryBundle {
    /// - Parameter modules: Text by file name. `tern.js` says what is exported.
    static func text(of modules: [String: String]) -> String {
        var parts = ["// The Tern client library in one file: docs/web-client.md."], seen: Set<String> = [], names: [String] = []
        append("tern.js", modules, &seen, &parts, &names)
        parts.append("export { \(names.joined(separator: ", ")) };\n")
        return parts.joined(separator: "\n")
    }

    /// Puts those that a module imports before it.
    private static func append(
        _ name: String, _ modules: [String: String], _ seen: inout Set<String>, _ parts: inout [String], _ names: inout [String]
    ) {
        guard seen.insert(name).inserted, var text = modules[name] else { return }
        // Made here: a Regex is no Sendable.
        let importing = /(?m)^import \{[^}]*\} from '\.\/([a-z-]+\.js)';\n/
        let reexporting = /(?m)^export \{([^}]*)\} from '\.\/([a-z-]+\.js)';\n/
        for match in text.matches(of: importing) { append(String(match.1), modules, &seen, &parts, &names) }
        for match in text.matches(of: reexporting) {
            append(String(match.2), modules, &seen, &parts, &names)
            names += match.1.split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }
        }
        text = text.replacing(importing, with: "").replacing(reexporting, with: "").replacing(/(?m)^export (?=class|function|async|const)/, with: "")
        parts.append(text)
    }
}
