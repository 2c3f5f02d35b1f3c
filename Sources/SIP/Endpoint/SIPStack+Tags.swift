internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

extension SIPStack {
    /// The methods that are served (RFC 3261 section 20.5); all others are answered 405, unknown ones 501.
    nonisolated static let allowedMethods = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER"
    private nonisolated static let allowedNames = Set(allowedMethods.split(separator: ",").map { String($0.drop { $0 == " " }) })

    /// Whether requests with that method are taken.
    nonisolated static func isAllowed(_ method: String, registers: Bool) -> Bool { allowedNames.contains(method) || (registers && method == "REGISTER") }
    /// The extensions that are spoken (RFC 3261 section 20.37); others in a Require are answered 420.
    nonisolated static let supportedExtensions = "timer, 100rel, replaces, norefersub"
    /// The same without 100rel.
    nonisolated static let extensionsWithoutReliability = "timer, replaces, norefersub"
    /// Bodies that are understood (RFC 3261 section 20.1, RFC 5621 section 4).
    nonisolated static let acceptedBodies = "application/sdp, " + acceptedMultiparts
    nonisolated static let acceptedMultiparts = "multipart/mixed, multipart/alternative, multipart/related"

    /// How often Sofia repeats a request: for 422, and for challenges.
    nonisolated static let retries = 2
    /// The same for a request that was challenged: it may get a 422 as well.
    nonisolated static let retriesWhenChallenged = 10

    /// What a datagram holds. Sofia sends what is bigger by TCP.
    nonisolated static let largestDatagram = 65_535
    /// What is bigger goes by TCP where the peer has it (RFC 3261 section 18.1.1).
    nonisolated static let largestSafeDatagram = 1_300

    /// Has `send`, which gives Sofia a request to be sent at once, obey RFC 3261 section 18.1.1.
    ///
    /// It is for each request, because a phone that is reached over a UDP flow has no TCP port: Sofia would knock there for
    /// five seconds before it sends the datagram.
    func preferringTCP(_ send: () -> Void) {
        guard let nua, transports.contains(.tcp) else { return send() }
        for limit in [SIPStack.largestSafeDatagram, SIPStack.largestDatagram] {
            var tags = TagList()
            tags.add(tern_ntatag_udp_mtu(), limit)
            tags.withTags { tern_nua_set_params(nua, $0) }
            if limit == SIPStack.largestSafeDatagram { send() }
        }
    }

    /// Everything that a NUA is set to.
    static func tags(
        _ listening: [ListenAddress], _ configuration: SIPEndpointConfiguration, registers: Bool
    ) -> TagList {
        var tags = TagList()
        if let first = listening.first {
            // Without the parameter Sofia takes both; a list of them makes it read an array that is gone.
            var parameter = listening.count == 1 && first.transport != .tls ? ";transport=\(first.transport.rawValue)" : ""
            var shown = first
            // Sofia binds to `maddr`, and says the host in Via.
            if let nat = mapping(of: first.address, configuration) {
                shown.address = nat.publicAddress.description
                parameter += ";maddr=\(first.address)"
            }
            // To a `sip:` URI it binds UDP and TCP only.
            let uri = "\(first.transport == .tls ? "sips" : "sip"):\(shown.hostAndPort)\(parameter)"
            tags.add(tern_nutag_url(), uri)
        }
        if listening.contains(where: { $0.transport == .tls }) {
            // Sofia looks for a certificate in the home directory. What it finds is replaced, but must not have it ask the
            // terminal for a passphrase.
            tags.add(tern_tptag_tls_passphrase(), "")
            // A handshake that fails is to Sofia a connection that closes, of which requests do not hear otherwise.
            tags.add(tern_tptag_sdwn_error(), 1)
        }
        // Sofia's own offer/answer mangles payload types: ours is elsewhere, and it answers nothing by itself.
        tags.add(tern_nutag_media_enable(), 0)
        tags.add(tern_nutag_autoanswer(), 0)
        tags.add(tern_nutag_autoalert(), 0)
        tags.add(tern_nutag_autoack(), 0)
        tags.add(tern_nutag_auto302(), 0)
        tags.add(tern_nutag_auto305(), 0)
        // For 422, which asks for a longer session interval, and challenges, of which the legs count their own; redirects
        // are the core's.
        tags.add(tern_nutag_retry_count(), retries)
        tags.add(tern_nutag_max_retry_after(), 0)
        // The NUTAG_ ones of these would add to Sofia's defaults; the SIPTAG_ ones replace them.
        tags.add(tern_siptag_user_agent_str(), HeaderText.line(configuration.userAgent, limit: 128))
        tags.add(tern_siptag_allow_str(), allowedMethods + (registers ? ", REGISTER" : ""))
        // First those that Sofia has in its list already: when one comes behind a new one, it reads on behind the list's end.
        tags.add(tern_nutag_appl_method(), "INVITE" + (registers ? ", REGISTER" : "") + ", INFO, UPDATE, OPTIONS")
        tags.add(tern_siptag_supported_str(), supportedExtensions + (registers ? ", path" : ""))
        tags.add(tern_nutag_session_timer(), configuration.sessionExpires)
        tags.add(tern_nutag_min_se(), configuration.minimumSessionExpires)
        // Names are resolved elsewhere. Sofia asks a name server to which there is no route again and again, within one call, for
        // ever; with this it knows the one of the loopback interface only, to which there always is a route.
        tags.add(tern_srestag_resolv_conf(), "/dev/null")
        tern_on_orphan { callID, localTag, remoteTag in
            let name = SIPDialogName(
                callID: SofiaText.field(callID, limit: 256), localTag: SofiaText.field(localTag, limit: 128),
                remoteTag: SofiaText.field(remoteTag, limit: 128))
            return LoopActor.assumeIsolated { LeftDialogs.contains(name) ? 1 : 0 }
        }
        let messages = tern_sip_mclass(
            { callID in
                let callID = SofiaText.field(callID, limit: 256)
                LoopActor.assumeIsolated { SilentHops.receiveTrying(callID) }
            },
            { message in
                nonisolated(unsafe) let message = message
                LoopActor.assumeIsolated { ForkPracks.note(message) }
            })
        tags.add(tern_tptag_log(), 1)
        tern_on_message { message, transport, isSent in
            nonisolated(unsafe) let message = message, transport = transport
            LoopActor.assumeIsolated {
                MessageCounts.note(message, isSent: isSent != 0)
                ShownMessages.tell(message, transport, isSent: isSent != 0)
            }
        }
        tern_on_sending { sip, host, isAsked in
            nonisolated(unsafe) let sip = sip, host = host
            return LoopActor.assumeIsolated {
                sip.map { SilentSources.maySend($0.pointee, to: SofiaText.field(host, limit: 64), isAsked: isAsked != 0, at: .now) } ?? true
            } ? 1 : 0
        }
        tern_on_pieces { peer, length, transport, piece in
            guard let peer = peer.flatMap({ SocketAddress($0, length: length) }) else { return }
            let connection = UInt(bitPattern: transport)
            LoopActor.assumeIsolated { UnfinishedMessages.record(piece, from: peer, over: connection, at: .now) }
        }
        if let messages { tags.add(tern_ntatag_mclass(), OpaquePointer(messages)) }
        tags.add(tern_ntatag_sip_t1(), configuration.t1.wholeMilliseconds)
        tags.add(tern_ntatag_sip_t1x64(), configuration.t1x64.wholeMilliseconds)
        tags.add(tern_tptag_idle(), configuration.idleConnectionLimit.wholeMilliseconds)
        tags.add(tern_tptag_timeout(), configuration.partialMessageLimit.wholeMilliseconds)
        if configuration.keepaliveInterval > .zero {
            tags.add(tern_tptag_keepalive(), configuration.keepaliveInterval.wholeMilliseconds)
        }
        // RFC 5626 section 4.4.1: a phone finds out that its connection is dead.
        tags.add(tern_tptag_pong2ping(), 1)
        tags.add(tern_ntatag_udp_mtu(), largestDatagram)
        let buffer = max(0, min(configuration.datagramBuffer, Int(Int32.max)))
        tags.add(tern_tptag_udp_rmem(), buffer)
        tags.add(tern_tptag_udp_wmem(), buffer)
        // Headers come on top of the body; what is bigger than both is answered 413 by Sofia, unread.
        tags.add(tern_ntatag_maxsize(), configuration.maximumBodySize + 65_536)
        return tags
    }
}

extension Duration {
    /// Whole milliseconds; at least 1, at most what Sofia's counters hold.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let bounded = max(0, min(seconds, 86_400))
        return max(1, Int(bounded) * 1_000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
