/// What becomes of the pictures of a recording.
public enum VideoStyle: String, Sendable, CaseIterable {
    /// One picture with both sides in it, the caller's left: H.264 in MP4.
    case sideBySide = "side_by_side"
    /// Both videos as they were sent, a track each, in Matroska: no picture is encoded anew.
    case tracks
    /// None: the recording is of the voices alone.
    case none
}
