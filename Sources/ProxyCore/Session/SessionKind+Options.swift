extension SessionKind {
    /// Whether options act through this handle. The hairpin's caller handle only carries RTP to the echo.
    func isConfigured(through handle: SessionHandle) -> Bool {
        switch self {
        case .echo(.rtp): handle.plugin == .echoTest
        default: true
        }
    }

    /// Whether recordings are written through this handle. Of two phones the caller's handle hears both.
    func records(through handle: SessionHandle) -> Bool {
        switch self {
        case .proxy(.rtp, .rtp): handle.role == .caller
        default: isConfigured(through: handle)
        }
    }

    /// The sides that are told in their descriptions how much they may send, because no plugin tells them: the browser of a session with a
    /// phone, else the phones.
    var sidesLimitedByDescription: [SessionSide] {
        switch self {
        case .echo(.webrtc), .proxy(.webrtc, .webrtc): []
        case .echo(.rtp), .proxy(.webrtc, .rtp): [.caller]
        case .proxy(.rtp, .webrtc): [.callee]
        case .proxy(.rtp, .rtp): [.caller, .callee]
        }
    }
}
