internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

/// A request outside of dialogs of which there is no state yet. It is answered without any (RFC 3261 section 8.2.7), or left to Sofia.
@LoopActor
struct OutsideRequest {
    let agent: OpaquePointer
    let message: OpaquePointer
    let sip: UnsafePointer<sip_t>
    let stack: SIPStack
    /// Names its transaction: repetitions have the same, nobody else can tell which.
    let number: UInt64

    init?(_ agent: OpaquePointer?, _ message: OpaquePointer?, stack: SIPStack) {
        guard let agent, let message, let sip = tern_sip_object(message) else { return nil }
        self.agent = agent
        self.message = message
        self.sip = sip
        self.stack = stack
        var hasher = Hasher()
        hasher.combine(SofiaText.field(sip.pointee.sip_call_id?.pointee.i_id))
        hasher.combine(SofiaText.field(sip.pointee.sip_from?.pointee.a_tag))
        hasher.combine(sip.pointee.sip_cseq?.pointee.cs_seq)
        // An ACK from elsewhere proves nothing about that place.
        hasher.combine(SofiaURI.source(of: message)?.address)
        number = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    var method: sip_method_t { sip.pointee.sip_request?.pointee.rq_method ?? sip_method_invalid }

    var methodName: String { SofiaText.field(sip.pointee.sip_request?.pointee.rq_method_name, limit: 64) }

    /// Where it came from.
    var source: SocketAddress? { SofiaURI.source(of: message) }

    var authorizations: [String] { SofiaHeaders.authorizations(sip.pointee) }

    /// The tag that its response has in To: made of the request, so that a repetition gets the same, and its ACK is known.
    private var tag: String { "s" + String(number, radix: 36) }

    /// Whether it is the ACK of a response that was sent without state.
    var isOwnACK: Bool {
        method == sip_method_ack && SofiaText.optionalField(sip.pointee.sip_to?.pointee.a_tag, limit: 32) == tag
    }

    /// The extensions that it requires and that are none of ours (RFC 3261 section 8.2.2.3).
    func unsupportedExtensions(of supported: String) -> [String] {
        guard sip.pointee.sip_require != nil else { return [] }
        let known = Set(supported.split(separator: ",").map { $0.filter { $0 != " " }.lowercased() })
        let required = SofiaHeaders.list(sip.pointee.sip_require?.pointee.k_items, limit: SofiaText.longestField) ?? ["too many"]
        return required.filter { !known.contains($0.lowercased()) }
    }

    /// Frees it, unanswered.
    func drop() { msg_destroy(message) }

    /// Answers and frees it.
    func respond(_ response: SIPResponse, status: Int, agentName: String, allow: String, supported: String, userAgent: String, more: (inout TagList) -> Void = { _ in }) {
        var tags = TagList()
        tags.add(tern_siptag_user_agent_str(), userAgent)
        tags.add(tern_siptag_allow_str(), allow)
        tags.add(tern_siptag_supported_str(), supported)
        more(&tags)
        tags.add(response, status: status, agent: agentName)
        tags.withTags {
            _ = tern_reply(agent, message, Int32(clamping: status), SofiaPhrases.pointer(response.phrase, status: status), "tag=\(tag)", $0)
        }
    }
}
