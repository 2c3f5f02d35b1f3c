import SDP

/// What one NoSIP handle generated, for another one to process: the codecs that are carried, and nothing of the PeerConnection
/// that it came from. Lines that are refused keep their place.
public func relayed(plain generated: String) throws(NegotiationError) -> String {
    var session = try SessionDescription(negotiating: generated)
    let profile = SIPProfile(srtp: .off)
    session.media = session.media.map { line in
        if !line.isRefusedByBrowser, let medium = try? PhoneMedium(line, of: session, profile: profile) { return medium.plain }
        return MediaDescription(
            kind: line.kind, port: 0, transport: .avp, formats: [line.kind == .video ? "96" : "0"],
            connection: line.connection, attributes: [.direction(.inactive)])
    }
    session.connection = nil
    session.attributes = []
    return session.text
}

/// The SRTP keys in a description that NoSIP is given, by kind of medium; empty for plain RTP.
public func keys(inPlain sdp: String) -> [String: String] {
    guard let session = try? SessionDescription(parsing: sdp) else { return [:] }
    var keys: [String: String] = [:]
    for medium in session.media { keys["\(medium.kind)"] = medium.keys.first.map { "\($0.suite) \($0.key)" } }
    return keys
}
