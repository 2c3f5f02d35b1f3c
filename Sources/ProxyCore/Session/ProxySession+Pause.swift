/// Long pauses. Who sends goes on numbering while Janus lets nothing through, and SRTP on the other side of it counts the rounds of these
/// numbers by those that it sees (RFC 3711, section 3.3.1): after 32,768 packets, eleven minutes of sound, it takes what comes for old, and
/// nothing is heard any more. So a moment is let through from time to time.
extension ProxySession {
    /// Whether sound or picture is kept from flowing, by the hold of a command or by an option.
    public var isPaused: Bool { isSoundPaused || isPicturePaused }

    private var isSoundPaused: Bool { isEstablished && !isEnded && !audioFlows }

    private var isPicturePaused: Bool {
        isEstablished && !isEnded && !videoFlows && SessionSide.allCases.contains { agreedMedia(of: $0).contains { $0.kind == .video } }
    }

    /// Lets a moment through, when nothing else is under way: the next time will do as well. Whoever offers something meanwhile tries again.
    mutating func letThrough(audio: Bool, video: Bool) -> [Action] {
        let audio = audio && isSoundPaused, video = video && isPicturePaused
        guard state == .stable, applying == nil, limiting == nil, audio || video else { return [] }
        state = .lettingThrough
        let moments = kind.handles.filter { kind.isConfigured(through: $0) }.map { handle in
            Moment(
                handle: handle, open: settings(of: handle, audio: audio || audioFlows, video: video || videoFlows),
                closed: settings(of: handle, audio: audioFlows, video: videoFlows))
        }
        return [.perform(.letThrough(moments))]
    }
}
