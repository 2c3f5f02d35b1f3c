/// How ffmpeg makes one file of tracks: pure.
///
/// Audio is stereo, the caller left and the called party right, from the recording's beginning to its end; where a side is silent,
/// or has sent nothing, there is silence. AAC in MP4 is what every player and browser opens.
struct Mix {
    let tracks: [Track]
    let layout: RecordingLayout
    /// In milliseconds.
    let length: Int
    let style: VideoStyle

    /// The largest video of one side, beyond which it is made smaller.
    private static let cell = (width: 1_280, height: 720)

    private var videos: [Track] { style == .none ? [] : tracks.filter { $0.medium == .video } }
    private var sounds: [Track] { tracks.filter { $0.medium == .audio } }

    /// Ending of the file's name.
    var suffix: String { videos.isEmpty ? "m4a" : style == .tracks ? "mkv" : "mp4" }

    /// What is left to try, in this order, when ffmpeg cannot read something of it: the voices, then one of them.
    var fallbacks: [Mix] {
        var found: [Mix] = []
        for tracks in [sounds] + Track.Side.allCases.map({ side in sounds.filter { $0.side == side } }) {
            guard !tracks.isEmpty, tracks != self.tracks, !found.contains(where: { $0.tracks == tracks }) else { continue }
            found.append(Mix(tracks: tracks, layout: layout, length: length, style: style))
        }
        return found
    }

    /// ffmpeg's arguments.
    ///
    /// - Parameters:
    ///   - work: Where the tracks are.
    func arguments(work: String, output: String) -> [String] {
        let inputs = sounds + videos
        var arguments = [
            "-nostdin", "-hide_banner", "-loglevel", "error", "-max_error_rate", "1", "-y", "-filter_complex_threads", "1",
        ]
        for track in inputs {
            arguments += ["-threads", "1", "-reinit_filter", "0", "-itsoffset", Mix.seconds(track.start), "-i", "\(work)/\(track.file)"]
        }
        let video = style == .sideBySide ? videoGraph() : []
        arguments += ["-filter_complex", (audioGraph() + video).joined(separator: ";")]
        arguments += videoArguments()
        arguments += ["-map", "[audio]", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "96k", "-ar", "48000", "-t", Mix.seconds(length), "-fflags", "+bitexact"]
        if suffix != "mkv" { arguments += ["-movflags", "+faststart"] }
        return arguments + ["-f", suffix == "mkv" ? "matroska" : suffix == "mp4" ? "mp4" : "ipod", output]
    }

    private func videoArguments() -> [String] {
        guard !videos.isEmpty else { return [] }
        guard style == .tracks else {
            return ["-map", "[video]", "-c:v", "libx264", "-preset", "veryfast", "-crf", "25", "-threads", "1"]
        }
        var arguments: [String] = []
        for (index, track) in videos.enumerated() {
            arguments += ["-map", "\(sounds.count + index):v", "-metadata:s:v:\(index)", "title=\(track.side.rawValue)"]
        }
        return arguments + ["-c:v", "copy"]
    }

    // MARK: Filters

    private func audioGraph() -> [String] {
        let length = Mix.seconds(self.length)
        var graph: [String] = []
        let sides = layout == .echo ? [Track.Side.caller] : Track.Side.allCases
        for side in sides {
            var names: [String] = []
            for (index, track) in sounds.enumerated() where track.side == side {
                let name = "[a\(index)]"
                graph.append(
                    "[\(index):a]aresample=48000:async=1:min_hard_comp=0.02:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=mono\(name)")
                names.append(name)
            }
            let source = names.isEmpty ? "anullsrc=r=48000:cl=mono," : names.count == 1 ? names[0]
                : "\(names.joined())amix=inputs=\(names.count):duration=longest:normalize=0,"
            graph.append("\(source)apad,atrim=end=\(length),asetpts=N/SR/TB[\(side.rawValue)]")
        }
        if layout == .echo { graph.append("[caller]asplit=2[left][right]") }
        let pair = layout == .echo ? "[left][right]" : "[caller][callee]"
        graph.append("\(pair)join=inputs=2:channel_layout=stereo:map=0.0-FL|1.0-FR[audio]")
        return graph
    }

    private func videoGraph() -> [String] {
        guard !videos.isEmpty else { return [] }
        let sides = Track.Side.allCases.filter { side in videos.contains { $0.side == side } }
        let (width, height) = cell
        var graph = ["color=c=black:s=\(width * sides.count)x\(height):r=25:d=\(Mix.seconds(length))[c0]"]
        for (index, track) in videos.enumerated() {
            let column = sides.firstIndex(of: track.side) ?? 0
            graph.append(
                "[\(sounds.count + index):v]scale=\(width):\(height):force_original_aspect_ratio=decrease,"
                    + "pad=\(width):\(height):-1:-1,setsar=1[v\(index)]")
            graph.append("[c\(index)][v\(index)]overlay=x=\(column * width):y=0:eof_action=pass[c\(index + 1)]")
        }
        graph.append("[c\(videos.count)]format=yuv420p[video]")
        return graph
    }

    /// The size of one side's video: even, and large enough for the largest that was sent.
    private var cell: (width: Int, height: Int) {
        func even(_ size: Int, _ limit: Int, _ least: Int) -> Int { min(max(size, least), limit) / 2 * 2 }
        return (
            even(videos.map(\.width).max() ?? 0, Mix.cell.width, 320), even(videos.map(\.height).max() ?? 0, Mix.cell.height, 240))
    }

    /// As ffmpeg reads a time.
    private static func seconds(_ milliseconds: Int) -> String {
        let fraction = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000).\(String(repeating: "0", count: max(0, 3 - fraction.count)))\(fraction)"
    }
}

/// What becomes of the video of a recording.
public enum VideoStyle: String, Sendable, CaseIterable {
    /// One video with both sides in it, the caller's left: H.264 in MP4.
    case sideBySide = "side_by_side"
    /// Both videos as they were sent, a track each, in Matroska: no video is encoded anew.
    case tracks
    /// None: the recording is of the voices alone.
    case none
}
