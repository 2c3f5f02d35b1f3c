/// The base name of recordings, which the media engine extends by `-audio.mjr` and the like.
enum RecordingName {
    /// Janus keeps names in 255 bytes and cuts what is longer without a word.
    static let limit = 230

    static func check(_ name: String) throws(JanusError) {
        guard !name.isEmpty, name.utf8.count <= limit else {
            throw .invalid("the name of a recording has 1 to \(limit) bytes, this one \(name.utf8.count)")
        }
    }
}
