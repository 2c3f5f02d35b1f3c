internal import CSofiaSIP
internal import EventLoop

/// PRACKs to forks other than the first that sent a reliable response (RFC 3262 section 4: one for each early dialog).
///
/// Sofia knows the first fork's early dialog only, and says nothing of the others' responses. They are noticed in the parser, and looked at in the
/// loop's next turn, when the message is whole and the first fork's has been seen to. The PRACK is a request on a handle of its own.
@LoopActor
enum ForkPracks {
    private struct Entry {
        weak var leg: Leg?
        weak var endpoint: SIPEndpoint?
    }

    /// The calls of ours that wait for their final response, by Call-ID.
    private static var calls: [String: Entry] = [:]

    static func watch(_ callID: String, _ leg: Leg, of endpoint: SIPEndpoint) { calls[callID] = Entry(leg: leg, endpoint: endpoint) }

    static func forget(_ callID: String, _ leg: Leg) {
        guard let known = calls[callID]?.leg, known !== leg else { return calls[callID] = nil }
    }

    /// A message with RSeq is being read.
    static func note(_ message: OpaquePointer?) {
        guard !calls.isEmpty, let held = HeldRequest(message) else { return }
        LoopActor.task { withExtendedLifetime(held) { look(at: held.message) } }
    }

    private static func look(at message: OpaquePointer) {
        guard let sip = tern_sip_object(message), let status = sip.pointee.sip_status?.pointee.st_status, (101...199).contains(status),
            sip.pointee.sip_cseq?.pointee.cs_method == sip_method_invite, sip_has_feature(sip.pointee.sip_require, "100rel") != 0
        else { return }
        let response = IncomingMessage(sip, bodyLimit: 0)
        guard let entry = calls[response.callID], let leg = entry.leg, leg.machine.isCalling else { return }
        entry.endpoint?.acknowledge(response, sip.pointee, ofFork: leg)
    }
}

extension SIPEndpoint {
    /// Sends a PRACK in the early dialog of a fork that Sofia does not know, once for each response.
    fileprivate func acknowledge(_ response: IncomingMessage, _ sip: sip_s, ofFork leg: Leg) {
        guard let dialog = leg.ownDialog, response.fromTag == dialog.fromTag, let rack = response.rack,
            let number = sip.sip_rseq?.pointee.rs_response, let target = response.wayBack.contact.flatMap(SIPTarget.init),
            let from = sip.sip_from?.pointee.a_url, let to = sip.sip_to?.pointee.a_url,
            let sequence = leg.reliableForks.accept(number, of: response.toTag, invite: Int(sip.sip_cseq?.pointee.cs_seq ?? 0))
        else { return }
        guard let handle = TagList().withTags({ tern_nua_handle(leg.stack.nua, nil, $0) }) else { return }
        var tags = TagList()
        tags.add(tern_nutag_method(), "PRACK")
        tags.add(tern_nutag_dialog(), 0)
        tags.add(tern_nutag_retry_count(), 0)
        tags.add(tern_nutag_url(), target.uri)
        tags.add(tern_siptag_call_id_str(), dialog.callID)
        tags.add(tern_siptag_cseq_str(), "\(sequence) PRACK")
        tags.add(tern_siptag_from_str(), "<\(SofiaURI.text(from))>;tag=\(response.fromTag)")
        tags.add(tern_siptag_to_str(), "<\(SofiaURI.text(to))>;tag=\(response.toTag)")
        tags.add(tern_siptag_rack_str(), rack)
        let routes = routes(sip.sip_record_route)
        if !routes.isEmpty {
            tags.add(tern_nutag_initial_route_str(), routes.reversed().map { "<\($0)>" }.joined(separator: ","))
        } else if let hop = leg.nextHop.proxy {
            tags.add(tern_ntatag_default_proxy(), hop)
        }
        tags.withTags { tern_nua_method(handle, $0) }
    }

    /// The URIs of a Record-Route, at most 16.
    private func routes(_ first: UnsafeMutablePointer<sip_record_route_t>?) -> [String] {
        var found: [String] = [], next = first
        while let route = next?.pointee, found.count < 16 {
            next = route.r_next
            found.append(SofiaURI.text(route.r_url))
        }
        return found
    }
}

/// The early dialogs of one INVITE of ours whose responses came reliably. Pure.
struct ReliableForks: Equatable {
    private struct Fork: Equatable {
        /// The number of the last request in it.
        var sequence: Int
        /// The RSeq of the last response that has got its PRACK.
        var last: UInt?
    }

    /// The To tag of the fork whose reliable response came first: Sofia has its early dialog.
    private(set) var first: String?
    private var others: [String: Fork] = [:]

    /// A reliable response that Sofia has shown.
    mutating func receive(from tag: String?) { first = first ?? tag }

    /// A reliable response of another fork: the first gets a PRACK, and then each that is the next one (RFC 3262 section 4).
    ///
    /// - Parameters:
    ///   - number: Its RSeq.
    ///   - invite: The number of the INVITE's CSeq.
    /// - Returns: The number of the PRACK's CSeq; nil where there is none to be sent.
    mutating func accept(_ number: UInt, of tag: String, invite: Int) -> Int? {
        guard let first, !tag.isEmpty, tag != first, others[tag] != nil || others.count < LegState.Forks.most else { return nil }
        var fork = others[tag] ?? Fork(sequence: invite)
        guard fork.last.map({ number == $0 &+ 1 }) ?? true else { return nil }
        fork.sequence += 1
        fork.last = number
        others[tag] = fork
        return fork.sequence
    }
}
