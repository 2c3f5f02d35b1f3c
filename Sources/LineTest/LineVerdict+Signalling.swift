internal import SIPNames

// Verdicts on SIP and on addresses.

extension LineTestResult {
    /// Milliseconds. The 200 is sent again after 500 ms (RFC 3261 section 13.3.1.4).
    private static let answerLimit = 500, acknowledgementLimit = 500

    /// The hosts in SDP, and where its packets really come from.
    private var signalledHost: IPAddress? { addresses.signalled.flatMap { SocketAddress($0)?.ip } }
    private var sourceHost: IPAddress? { addresses.source.flatMap { SocketAddress($0)?.ip } }

    /// Whether SDP names a private address, and the INVITE comes from another.
    var isBehindNAT: Bool {
        guard let signalled = signalledHost, let sip = addresses.sip.flatMap({ IPAddress($0) }) else { return false }
        return signalled.isPrivate && signalled != sip
    }

    var signallingVerdicts: [LineVerdict] { [sourceVerdict, rewritingVerdict, slowVerdict, acknowledgementVerdict, refreshVerdict, offerVerdict].compactMap { $0 } }

    private var sourceVerdict: LineVerdict? {
        guard let signalled = addresses.signalled, let source = addresses.source, signalled != source else { return nil }
        guard signalledHost != sourceHost else {
            return LineVerdict(
                .notice, .source, "RTP comes from \(source); the SDP names port \(SocketAddress(signalled)?.port ?? 0).",
                "The caller sends from another port than it receives at (RFC 4961), or NAT changes it. Tern follows it; others may not.")
        }
        let isPrivate = signalledHost?.isPrivate == true && sourceHost?.isPrivate == false
        return LineVerdict(
            .notice, .source, "RTP comes from \(source) instead of \(signalled)\(isPrivate ? ": the caller is behind NAT" : "").",
            "Tern follows it; a peer that does not would send into nowhere. Set the caller's external address or STUN.")
    }

    /// RFC 3261 knows nothing of devices that rewrite addresses in some places of a message.
    private var rewritingVerdict: LineVerdict? {
        guard let sip = addresses.sip.flatMap({ IPAddress($0) }), !sip.isPrivate, let contact = addresses.contact.flatMap({ IPAddress(host: $0) }),
            let media = signalledHost
        else { return nil }
        if contact.isPrivate, media == sip {
            return LineVerdict(
                .notice, .alg, "The SDP names \(sip), the Contact \(contact): a device on the way rewrites SIP, but not all of it (ALG).",
                "Switch the SIP ALG of the router off.")
        }
        if contact == sip, media.isPrivate {
            return LineVerdict(
                .notice, .alg, "The Contact names \(sip), the SDP \(media): a device on the way rewrites SIP, but not all of it (ALG).",
                "Switch the SIP ALG of the router off.")
        }
        return nil
    }

    private var slowVerdict: LineVerdict? {
        guard let time = setUp.answered, time > LineTestResult.answerLimit else { return nil }
        return LineVerdict(
            .notice, .slowSetUp, "The 200 came \(time) ms after the INVITE.", "This gateway or its Janus is busy: see /status and the log.")
    }

    private var acknowledgementVerdict: LineVerdict? {
        guard let answered = setUp.answered, let acknowledged = setUp.acknowledged, acknowledged - answered > LineTestResult.acknowledgementLimit
        else { return nil }
        return LineVerdict(
            .notice, .slowSetUp, "The ACK came \(acknowledged - answered) ms after the 200.",
            "The caller's SIP is slow, or one of the two messages was lost: look at its processor and at the way to it.")
    }

    private var offerVerdict: LineVerdict? {
        guard let failedOffer else { return nil }
        let times = failedOffer.count > 1 ? " (\(failedOffer.count) times)" : ""
        return LineVerdict(
            .warning, .failedOffer,
            failedOffer.isOurs
                ? "The caller refused a re-INVITE: \(failedOffer.reason)\(times)."
                : "A re-INVITE or UPDATE of the caller was refused: \(failedOffer.reason)\(times).",
            "Hold, transfer and changes of the codec fail like this: see the SDP of both in the call's trace.")
    }

    private var refreshVerdict: LineVerdict? {
        guard endStatus == 408 else { return nil }
        return LineVerdict(
            .warning, .failedRefresh, "The call ended with 408: \(endReason).",
            "The caller no longer answers in the dialog: check its session timer (RFC 4028), and whether NAT forgets the way to it.")
    }
}

extension IPAddress {
    /// Whether hosts elsewhere cannot reach it: RFC 1918, 6598 and 4193, link-local and loopback.
    fileprivate var isPrivate: Bool {
        guard !isLoopback, !isLinkLocal, !isUnspecified else { return true }
        let first = bytes.first ?? 0, second = bytes.dropFirst().first ?? 0
        if isIPv6 { return first & 0xfe == 0xfc }
        return first == 10 || first == 172 && second & 0xf0 == 16 || first == 192 && second == 168 || first == 169 && second == 254
            || first == 100 && second & 0xc0 == 64
    }
}
