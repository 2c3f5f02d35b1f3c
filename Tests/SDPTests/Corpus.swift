import Foundation

/// Descriptions as products send them, a file each.
enum Corpus {
    struct Entry: CustomStringConvertible, Sendable {
        var name: String
        var text: String
        var description: String { name }
    }

    static let all: [Entry] = {
        guard let folder = Bundle.module.url(forResource: "Corpus", withExtension: nil) else { return [] }
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "sdp" }.sorted { $0.path < $1.path }.compactMap { file in
            guard let data = try? Data(contentsOf: file) else { return nil }
            return Entry(name: file.deletingPathExtension().lastPathComponent, text: String(decoding: data, as: UTF8.self))
        }
    }()

    static func text(_ name: String) -> String { all.first { $0.name == name }?.text ?? "" }
}
