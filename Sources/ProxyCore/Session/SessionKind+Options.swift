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

    /// Why `change` cannot be carried out on a session of this kind; nil when it can.
    public func refusal(of change: SessionOptionsChange, now options: SessionOptions = SessionOptions()) -> SessionFailure? {
        guard handles.contains(where: { $0.plugin == .noSIP }), self != .echo(.rtp) else { return nil }
        let wanted = options.applying(change)
        if wanted.bitrate != options.bitrate { return .unsupported("bitrate cannot be changed on a session with a SIP side") }
        return nil
    }
}
