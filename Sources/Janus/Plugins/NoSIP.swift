public import EventLoop
internal import JSON

/// The NoSIP plugin on a handle: plain RTP, as SIP phones speak it, on one side, WebRTC on the other.
///
/// Neither request changes codecs or payload types; what Janus writes has to be rewritten for either side.
@LoopActor
public struct NoSIP {
    /// How SDES-SRTP (RFC 4568) is offered or demanded on the plain side.
    public enum SRTP: String, Sendable {
        case optional = "sdes_optional"
        case mandatory = "sdes_mandatory"
    }

    public let handle: JanusHandle

    public init(_ handle: JanusHandle) { self.handle = handle }

    /// Attaches a fresh handle.
    public static func attach(to client: JanusClient) async throws(JanusError) -> NoSIP {
        NoSIP(try await client.attach(.noSIP))
    }

    /// Gives Janus the plain SDP of the SIP side; the result is the same offer or answer for the WebRTC side.
    public func process(_ sdp: String, _ type: JSEP.Kind, srtp: SRTP? = nil) async throws(JanusError) -> JSEP {
        var body: [String: JSONValue] = ["request": "process", "type": .string(type.rawValue), "sdp": .string(sdp)]
        if let srtp { body["srtp"] = .string(srtp.rawValue) }
        let reply = try await handle.message(.object(body))
        guard let jsep = reply.jsep else { throw .malformed("process gave no description") }
        return jsep
    }

    /// Gives Janus the offer or answer of the WebRTC side; the result is the plain SDP for the SIP side, with its RTP ports.
    ///
    /// - Parameter profile: The SRTP profile to offer, as `AES_CM_128_HMAC_SHA1_80`.
    public func generate(_ jsep: JSEP, srtp: SRTP? = nil, profile: String? = nil) async throws(JanusError) -> String {
        var body: [String: JSONValue] = ["request": "generate"]
        if let srtp { body["srtp"] = .string(srtp.rawValue) }
        if let profile { body["srtp_profile"] = .string(profile) }
        let reply = try await handle.message(.object(body), jsep: jsep)
        guard let sdp = reply.data["result"]?["sdp"]?.stringValue else { throw .malformed("generate gave no description") }
        return sdp
    }

    /// Gives Janus the plain SDP of the SIP side again, as an answer, on a session whose offer and answer are through.
    ///
    /// Two things follow from it. Its directions decide what is passed on: `sendonly` stops what goes to the SIP side,
    /// `recvonly` what goes to the browser, `inactive` both. And its first payload type is the codec of recordings: where the SIP
    /// side made the offer, Janus 1.1 knows none before. What Janus says to the browser about it is not needed.
    public func refresh(_ sdp: String) async throws(JanusError) {
        _ = try await process(sdp, .answer)
    }

    /// Starts recording, once offer and answer are through; where the SIP side made the offer, after ``refresh(_:)``.
    ///
    /// It writes `<file>-user-audio.mjr` and `<file>-user-video.mjr` with what the WebRTC side sends, and the same with `peer`
    /// for the SIP side. Janus does not say when it cannot write one. Stop before starting again.
    public func startRecording(_ file: String, audio: Bool = true, video: Bool = true) async throws(JanusError) {
        try RecordingName.check(file)
        var body = NoSIP.recording("start", audio: audio, video: video)
        body["filename"] = .string(file)
        _ = try await handle.message(.object(body))
    }

    /// Has the WebRTC side send a full picture: Janus sends it a PLI (RFC 4585, section 6.3.1).
    ///
    /// Janus 1.1 has no request for it, but sends one with each recording of the WebRTC side's video, whether its file can be opened or not.
    /// This one cannot, so nothing is recorded, and a recording that runs goes on.
    public func askForPicture() async throws(JanusError) {
        _ = try await handle.message([
            "request": "recording", "action": "start", "video": true, "filename": .string("\(NoSIP.noDirectory)/picture"),
        ])
    }

    /// What no file can be in.
    nonisolated static let noDirectory = "/dev/null"

    /// Stops recording and closes the files; harmless when nothing is recorded.
    public func stopRecording() async throws(JanusError) {
        _ = try await handle.message(.object(NoSIP.recording("stop", audio: true, video: true)))
    }

    private static func recording(_ action: String, audio: Bool, video: Bool) -> [String: JSONValue] {
        [
            "request": "recording", "action": .string(action),
            "audio": .bool(audio), "peer_audio": .bool(audio), "video": .bool(video), "peer_video": .bool(video),
        ]
    }

    /// Ends the PeerConnection; the handle stays.
    public func hangup() async throws(JanusError) {
        _ = try await handle.message(["request": "hangup"])
    }
}
