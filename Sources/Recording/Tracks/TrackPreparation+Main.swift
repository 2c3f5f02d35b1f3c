internal import JSON

extension TrackPreparation {
    /// The whole of the process that prepares a recording: its tracks as lines of JSON and whether they have everything, or the reason in the one line of its failure.
    ///
    /// - Parameters:
    ///   - manifest: Path of the manifest; the captures are beside it.
    ///   - work: Where the tracks go.
    public static func main(manifest path: String, work: String, output: (String) -> Void) throws(RecordingError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let file = parts.last.map(String.init) ?? ""
        let directory = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
        guard file.hasSuffix(RecordingManifest.suffix),
            let name = RecordingName(String(file.dropLast(RecordingManifest.suffix.count))),
            let manifest = RecordingManifest.read(path, name)
        else { throw .file(path: path, reason: "is no recording") }
        let result = try TrackPreparation(directory: directory, work: work)
            .run(name.description, manifest.layout, begun: manifest.begun, length: manifest.length)
        for track in result.tracks { output(track.json.text) }
        output((["whole": .bool(result.isWhole)] as JSONValue).text)
    }
}
